import { expect } from 'chai';

import { isNetnsError } from '../../../src/errors.ts';
import { sysctlPath } from '../../../src/netns/sysctl-path.ts';

describe('sysctlPath', () => {
  it('takes dots and slashes', () => {
    expect(sysctlPath('net.ipv4.ip_forward')).to.equal('net/ipv4/ip_forward');
    expect(sysctlPath('net/ipv4/ip_forward')).to.equal('net/ipv4/ip_forward');
  });

  it('lets the first separator decide where interface names contain the other', () => {
    expect(sysctlPath('net/ipv4/conf/eth0.100/forwarding')).to.equal('net/ipv4/conf/eth0.100/forwarding');
    expect(sysctlPath('net.ipv4.conf.eth0/100.forwarding')).to.equal('net/ipv4/conf/eth0.100/forwarding');
  });

  it('refuses keys outside net and paths that climb', () => {
    const keys = [
      '',
      'net',
      'kernel.hostname',
      'net/../kernel/hostname',
      'net.',
      '/net/ipv4',
      'net//ipv4',
      'net/ipv4/\0',
    ];

    for (const key of keys) {
      expect(() => sysctlPath(key), key)
        .to.throw()
        .that.satisfies((error: unknown) => isNetnsError(error, 'INVALID_ARGUMENT'));
    }
  });
});

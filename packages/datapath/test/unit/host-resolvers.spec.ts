import { expect } from 'chai';
import { hostResolvers } from '../../src/host/host-resolvers.ts';

const resolversOf = (files: Readonly<Record<string, string>>): readonly string[] =>
  hostResolvers((path) => files[path]);

describe('hostResolvers', () => {
  it('are the name servers of the host, each once, without those that are none', () => {
    const text =
      '# by hand\nnameserver 10.0.0.53\n  nameserver fd00::53 \nnameserver 10.0.0.53\nnameserver fe80::1%eth0\nnameserver x\n';

    expect(resolversOf({ '/etc/resolv.conf': text })).to.deep.equal(['10.0.0.53', 'fd00::53']);
  });

  it('are those behind systemd-resolved where the host asks itself', () => {
    expect(
      resolversOf({
        '/etc/resolv.conf': 'nameserver 127.0.0.53\noptions edns0\n',
        '/run/systemd/resolve/resolv.conf': 'nameserver 10.0.0.1\nnameserver ::1\n',
      }),
    ).to.deep.equal(['10.0.0.1']);
  });

  it('leave out the loopback, which a container cannot ask', () => {
    expect(resolversOf({ '/etc/resolv.conf': 'nameserver 127.0.0.1\nnameserver 10.0.0.53\n' })).to.deep.equal([
      '10.0.0.53',
    ]);
  });

  it('are none where nothing names any', () => {
    expect(resolversOf({})).to.deep.equal([]);
    expect(resolversOf({ '/etc/resolv.conf': 'nameserver 127.0.0.53\n' })).to.deep.equal([]);
  });
});

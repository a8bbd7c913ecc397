import { expect } from 'chai';

import { NetlinkError, NetnsError, isNetlinkError, isNetnsError } from '../../src/index.ts';
import { errnoName, errnoNumber, errnoText } from '../../src/sys/errno.ts';

const init = { code: 'EEXIST', errno: 17, operation: 'link.create', subject: 'eth0' } as const;

describe('NetlinkError', () => {
  it('says what was attempted, on what, why it failed and where', () => {
    const error = new NetlinkError({ ...init, reason: 'it exists', kernelMessage: 'taken', attribute: 'IFLA_IFNAME' });

    expect(error.message).to.equal('link.create eth0: it exists; taken (EEXIST) [IFLA_IFNAME]');
    expect(error.name).to.equal('NetlinkError');
  });

  it('says something without any reason', () => {
    expect(new NetlinkError({ ...init, subject: '' }).message).to.equal('link.create: refused by the kernel (EEXIST)');
  });

  it('is recognised by code', () => {
    const error = new NetlinkError(init);

    expect(isNetlinkError(error)).to.equal(true);
    expect(isNetlinkError(error, 'ENODEV', 'EEXIST')).to.equal(true);
    expect(isNetlinkError(error, 'ENODEV')).to.equal(false);
  });

  it('is recognised across two copies of the package', () => {
    const copy = Object.assign(new Error('x'), { code: 'EEXIST', [Symbol.for('@routed/netns.NetlinkError')]: true });

    expect(isNetlinkError(copy, 'EEXIST')).to.equal(true);
  });

  it('is not mistaken for others', () => {
    for (const other of [undefined, null, 'EEXIST', new Error('x'), { code: 'EEXIST' }]) {
      expect(isNetlinkError(other)).to.equal(false);
      expect(isNetnsError(other)).to.equal(false);
    }
    expect(isNetnsError(new NetlinkError(init))).to.equal(false);
  });
});

describe('NetnsError', () => {
  it('is recognised by code', () => {
    const error = new NetnsError('NOT_FOUND', 'pid 1', 'there is none', new Error('cause'));

    expect(error.message).to.equal('pid 1: there is none (NOT_FOUND)');
    expect(isNetnsError(error, 'NOT_FOUND')).to.equal(true);
    expect(isNetnsError(error, 'CLOSED')).to.equal(false);
    expect(error.cause).to.be.instanceOf(Error);
  });
});

describe('errno', () => {
  it('has a name and a text', () => {
    expect([17, 95, 11, 524, 105].map(errnoName)).to.deep.equal([
      'EEXIST',
      'EOPNOTSUPP',
      'EAGAIN',
      'ENOTSUPP',
      'ENOBUFS',
    ]);
    expect(errnoName(4000)).to.equal('ERRNO_4000');
    expect([errnoNumber('ENODEV'), errnoNumber('nonsense')]).to.deep.equal([19, undefined]);
    expect(errnoText(19)).to.equal('no such device');
    expect(errnoText(4000)).to.equal('refused by the kernel');
  });
});

import { expect } from 'chai';
import { IpamError, isIpamError } from '../../src/index.ts';

describe('isIpamError', () => {
  const error = new IpamError('POOL_EXHAUSTED', 'no free address', { poolId: 'local/10.0.0.0/8' });

  it('accepts any of the codes given, or any code when none is given', () => {
    expect(isIpamError(error)).to.equal(true);
    expect(isIpamError(error, 'UNKNOWN_POOL', 'POOL_EXHAUSTED')).to.equal(true);
    expect(isIpamError(error, 'UNKNOWN_POOL')).to.equal(false);
  });

  it('refuses what only looks like one', () => {
    expect(isIpamError(Object.assign(new Error('no free address'), { code: 'POOL_EXHAUSTED' }))).to.equal(false);
    expect(isIpamError(undefined)).to.equal(false);
  });

  it('finds the code in the message and only the details that were given', () => {
    expect(error.message).to.equal('no free address (POOL_EXHAUSTED)');
    expect(error).to.include({ name: 'IpamError', poolId: 'local/10.0.0.0/8' });
    expect(error).not.to.have.property('address');
  });
});

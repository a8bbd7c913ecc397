import { expect } from 'chai';
import { parsePoolId, poolIdOf } from '../../src/index.ts';
import { rejection } from './rejection.ts';

describe('poolIdOf', () => {
  it('is the same for every way to write the same content', () => {
    const request = { addressSpace: 'local', prefix: '2001:DB8:0::7/64', subPool: '2001:db8::1:0/112' };

    expect(poolIdOf(request)).to.equal('local/2001:db8::/64/2001:db8::1:0/112');
  });

  it('leaves out a sub-pool that is the whole prefix', () => {
    expect(poolIdOf({ addressSpace: 'local', prefix: '10.1.0.0/16', subPool: '10.1.2.3/16' })).to.equal(
      'local/10.1.0.0/16',
    );
  });

  for (const addressSpace of ['', 'a/b']) {
    it(`refuses the address space '${addressSpace}'`, async () => {
      const error = await rejection('INVALID_ADDRESS_SPACE', () => poolIdOf({ addressSpace, prefix: '10.0.0.0/8' }));

      expect(error.message).to.include(`'${addressSpace}'`).and.include("not empty and has no '/'");
    });
  }

  for (const subPool of ['10.2.0.0/24', '10.0.0.0/8', '2001:db8::/96']) {
    it(`refuses the sub-pool ${subPool} outside its prefix, naming both`, async () => {
      const request = { addressSpace: 'local', prefix: '10.1.0.0/16', subPool };

      const error = await rejection('INVALID_PREFIX', () => poolIdOf(request));

      expect(error).to.include({ prefix: subPool, conflictingWith: '10.1.0.0/16' });
      expect(error.message).to.include(`${subPool} is not part of prefix 10.1.0.0/16: choose a range inside`);
    });
  }
});

describe('parsePoolId', () => {
  it('undoes poolIdOf', () => {
    expect(parsePoolId('local/10.1.0.0/16')).to.deep.equal({
      addressSpace: 'local',
      family: 4,
      prefix: '10.1.0.0/16',
    });
    expect(parsePoolId('local/2001:db8::/64/2001:db8::1:0/112')).to.deep.equal({
      addressSpace: 'local',
      family: 6,
      prefix: '2001:db8::/64',
      subPool: '2001:db8::1:0/112',
    });
  });

  const malformed = ['', 'local', 'local/', '/10.0.0.0/8', 'local/10.0.0.0', 'local/10.0.0.0/33', '10.0.0.0/8'];
  const notCanonical = ['local/10.1.2.3/16', 'local/2001:DB8::/64', 'local/10.1.0.0/16/10.1.0.0/16'];
  const badSubPool = ['local/10.1.0.0/16/10.2.0.0/24', 'local/10.1.0.0/16/10.1.0.0', 'local/10.1.0.0/16/'];
  for (const id of [...malformed, ...notCanonical, ...badSubPool, 'local/10.1.0.0/16/10.1.1.0/24/x']) {
    it(`does not know '${id}'`, () => {
      expect(parsePoolId(id)).to.equal(undefined);
    });
  }
});

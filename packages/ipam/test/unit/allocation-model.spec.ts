import { expect } from 'chai';
import fc from 'fast-check';
import { canonicalAddress, isIpamError, memoryLeaseStore, openIpam } from '../../src/index.ts';
import type { Ipam } from '../../src/index.ts';
import { rejection } from './rejection.ts';

/** A pool small enough to be exhausted, with every address automatic allocation may give. */
interface Subject {
  readonly poolId: string;
  readonly addresses: readonly string[];
}

function subject(poolId: string, form: (index: number) => string, first: number, last: number): Subject {
  const addresses = Array.from({ length: last - first + 1 }, (_, index) => canonicalAddress(form(first + index)));
  return { poolId, addresses };
}

const subjects = [
  subject('local/10.1.2.0/28', (index) => `10.1.2.${String(index)}`, 1, 14),
  subject('local/10.1.2.4/31', (index) => `10.1.2.${String(index)}`, 4, 5),
  subject('local/10.1.2.4/32', (index) => `10.1.2.${String(index)}`, 4, 4),
  subject('local/10.1.0.0/16/10.1.2.16/28', (index) => `10.1.2.${String(index)}`, 16, 31),
  subject('local/10.1.0.0/16/10.1.255.248/29', (index) => `10.1.255.${String(index)}`, 248, 254),
  subject('local/2001:db8::/124', (index) => `2001:db8::${index.toString(16)}`, 1, 15),
  subject('local/2001:db8::/64/2001:db8::f:0:0/126', (index) => `2001:db8::f:0:${String(index)}`, 0, 3),
];

interface Action {
  readonly kind: 'any' | 'gateway' | 'release' | 'explicit';
  /** Which address, for the kinds that name one. */
  readonly pick?: number;
}

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'any' } as const) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('release' as const), pick: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('explicit' as const), pick: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'gateway' } as const) },
);

/** Does the action and holds the outcome against `leased`, the model. */
async function act(ipam: Ipam, { poolId, addresses }: Subject, leased: Set<string>, what: Action): Promise<void> {
  const picked = what.pick === undefined ? undefined : addresses[what.pick % addresses.length];
  if (what.kind === 'release') {
    expect(await ipam.releaseAddress({ poolId, address: picked! })).to.equal(leased.delete(picked!));
    return;
  }
  const request = { poolId, purpose: what.kind === 'gateway' ? 'gateway' : 'endpoint' } as const;
  try {
    const { address } = await ipam.requestAddress(picked === undefined ? request : { ...request, address: picked });
    expect(leased).not.to.include(address);
    expect(addresses).to.include(address);
    if (what.kind === 'gateway') expect(address).to.equal(addresses.find((candidate) => !leased.has(candidate)));
    leased.add(address);
  } catch (error) {
    if (isIpamError(error, 'ADDRESS_IN_USE')) expect(leased).to.include(error.address);
    else if (isIpamError(error, 'POOL_EXHAUSTED')) expect(leased.size).to.equal(addresses.length);
    else throw error;
  }
}

async function next(ipam: Ipam, poolId: string): Promise<string> {
  return (await ipam.requestAddress({ poolId, purpose: 'endpoint' })).address;
}

describe('automatic allocation', () => {
  for (const pool of subjects) {
    const { poolId, addresses } = pool;

    describe(`in ${poolId}`, () => {
      it('agrees with a plain set for any sequence of requests and releases', async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(action, { maxLength: 80 }), fc.string(), async (actions, hostIdentity) => {
            const ipam = await openIpam({ store: memoryLeaseStore() }, { hostIdentity });
            const leased = new Set<string>();

            for (const what of actions) await act(ipam, pool, leased, what);

            expect(new Set([...ipam.leases(poolId)].map(({ address }) => address))).to.deep.equal(leased);
          }),
        );
      });

      it('gives every address once before it gives up, wherever it starts', async () => {
        await fc.assert(
          fc.asyncProperty(fc.string(), async (hostIdentity) => {
            const ipam = await openIpam({ store: memoryLeaseStore() }, { hostIdentity });
            const given: string[] = [];

            while (given.length < addresses.length) given.push(await next(ipam, poolId));

            expect(given.toSorted()).to.deep.equal(addresses.toSorted());
            await rejection('POOL_EXHAUSTED', () => next(ipam, poolId));
          }),
          { numRuns: 30 },
        );
      });

      it('gives a released address back only after all others', async () => {
        const ipam = await openIpam({ store: memoryLeaseStore() }, { hostIdentity: 'host' });
        const released = await next(ipam, poolId);
        await ipam.releaseAddress({ poolId, address: released });
        const given: string[] = [];

        while (given.length < addresses.length) given.push(await next(ipam, poolId));

        expect(given.at(-1)).to.equal(released);
      });
    });
  }

  it('never gives one address to two pools that share a prefix', async () => {
    const ids = ['local/10.1.0.0/24/10.1.0.0/28', 'local/10.1.0.0/24/10.1.0.16/28'] as const;
    const wish = fc.record({ pick: fc.constantFrom(...ids), offset: fc.option(fc.integer({ min: 1, max: 31 })) });
    await fc.assert(
      fc.asyncProperty(fc.array(wish, { maxLength: 60 }), async (wishes) => {
        const ipam = await openIpam({ store: memoryLeaseStore() });

        await Promise.allSettled(
          wishes.map(({ pick, offset }) => {
            const address = offset === null ? {} : { address: `10.1.0.${String(offset)}` };
            return ipam.requestAddress({ poolId: pick, purpose: 'endpoint', ...address });
          }),
        );

        const given = ids.flatMap((id) => [...ipam.leases(id)].map(({ address }) => address));
        expect(new Set(given).size).to.equal(given.length);
      }),
    );
  });
});

import { UnannouncedTraffic } from '@routed/datapath';
import { RouterView } from '@routed/quagga/show';
import type { SinonSandbox } from 'sinon';
import { Blocks } from '../../src/blocks/blocks.ts';
import { KeptAddresses } from '../../src/leases/kept-addresses.ts';
import { SuppressedRoutes } from '../../src/conflicts/suppressed-routes.ts';
import { GracePeriod } from '../../src/ground/grace-period.ts';
import { StaleEndpoints } from '../../src/upkeep/stale-endpoints.ts';
import { Disk } from './disk.ts';
import { EventStream } from './event-stream.ts';

/** A fault that somebody could make, and what the simulation says of it. */
export interface Mutation {
  readonly name: string;
  /** One that shows it. */
  readonly seed: number;
  readonly finding: RegExp;
  readonly apply: (sandbox: SinonSandbox) => void;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'nobody yields',
    seed: 20,
    finding: /is announced by/,
    apply: (sandbox) => sandbox.stub(SuppressedRoutes.prototype, 'suppress').resolves(false),
  },
  {
    name: 'nobody sees that another host announces an address',
    seed: 3,
    finding: /does not report that/,
    apply: (sandbox) => sandbox.stub(RouterView.prototype, 'competingRoutes').resolves([]),
  },
  {
    name: 'what is yielded is not taken back',
    seed: 33,
    finding: /does not announce/,
    apply: (sandbox) => sandbox.stub(SuppressedRoutes.prototype, 'takeBack').resolves(false),
  },
  {
    name: 'leases are not written',
    seed: 1,
    finding: /which is not leased|both have/,
    apply: (sandbox: SinonSandbox): void => {
      const stub = sandbox.stub(Disk.prototype, 'leases');
      stub.callsFake(function (this: Disk, life) {
        return { ...stub.wrappedMethod.call(this, life), putLease: () => Promise.resolve() };
      });
    },
  },
  {
    name: 'who starts gets any address that is kept',
    seed: 1,
    finding: /has the own address of container/,
    apply: (sandbox: SinonSandbox): void => {
      const stub = sandbox.stub(KeptAddresses.prototype, 'takeBack');
      const isUsable = (): Promise<boolean> => Promise.resolve(true);
      // Docker starts whom it likes; the one that has waited longest gets its address.
      stub.callsFake(async function (this: KeptAddresses, { poolId }) {
        const [address] = this.idle(poolId);
        const owner = address === undefined ? undefined : this.ownerOf({ poolId, address });
        if (owner === undefined) return undefined;
        const { containerId, networkId } = owner;
        return await stub.wrappedMethod.call(this, { poolId, containerId, networkId }, isUsable);
      });
    },
  },
  {
    name: 'changes of health are not heard of',
    seed: 11,
    finding: /h\d does not announce|h\d announces/,
    apply: (sandbox: SinonSandbox): void => {
      const stub = sandbox.stub(EventStream.prototype, 'emit');
      stub.callsFake(function (this: EventStream, event) {
        if (event.action !== 'health_status') stub.wrappedMethod.call(this, event);
      });
    },
  },
  {
    name: 'unannounced addresses get no rules',
    seed: 9,
    finding: /and no rules/,
    apply: (sandbox) => sandbox.stub(UnannouncedTraffic.prototype, 'apply').resolves(),
  },
  {
    name: 'what Docker forgot is kept',
    seed: 17,
    finding: /to nobody/,
    apply: (sandbox) => sandbox.stub(StaleEndpoints.prototype, 'sweep').resolves(),
  },
  {
    name: 'nobody sees that another host has its block',
    seed: 1,
    finding: /does not report that h\d and h\d have block/,
    apply: (sandbox) => sandbox.stub(Blocks.prototype, 'reviewRivals').resolves(),
  },
  {
    name: 'addresses are leased outside of blocks',
    seed: 1,
    finding: /in no block of/,
    apply: (sandbox) => sandbox.stub(Blocks.prototype, 'choose').callsFake((_pool, lease) => lease()),
  },
  {
    name: 'blocks that nothing uses are kept',
    seed: 27,
    finding: /which no container uses/,
    apply: (sandbox: SinonSandbox): void => {
      const stub = sandbox.stub(GracePeriod.prototype, 'over');
      stub.callsFake(function (this: GracePeriod, ms) {
        return ms === 600_000 ? [] : stub.wrappedMethod.call(this, ms);
      });
    },
  },
  {
    name: 'the route of a block that a crash left out is not restored',
    seed: 25,
    finding: /in no block of|has a rule of block/,
    apply: (sandbox) => sandbox.stub(Blocks.prototype, 'review').resolves(),
  },
];

import { memoryRepository, memoryUndoLog, type Repository } from '@routed/store';
import { type LeaseStore, memoryLeaseStore } from '@routed/ipam';
import type { MethodName } from '@routed/plugin-protocol';
import { expect } from 'chai';
import { dockerId, type WiredDaemon, wiredDaemon, type WiredState } from './support/wired.ts';

const PoolID = 'routed-local/10.1.0.0/16';
const NetworkID = dockerId('c98909');
const ids = { NetworkID, EndpointID: dockerId('c80b7eea65283f') };
const data = { AddressSpace: 'routed-local', Pool: '10.1.0.0/16', Gateway: '169.254.1.1/32' };

/** The life of a network and a container, as Docker calls it. */
const LIFE: readonly (readonly [MethodName, object])[] = [
  ['IpamDriver.RequestPool', { AddressSpace: 'routed-local', Pool: '10.1.0.0/16', SubPool: '', Options: null }],
  [
    'NetworkDriver.CreateNetwork',
    {
      NetworkID,
      Options: { 'com.docker.network.generic': { 'routed.prefixes': '192.168.7.0/24' } },
      ...{ IPv4Data: [data], IPv6Data: [] },
    },
  ],
  ['IpamDriver.RequestAddress', { PoolID, Address: '10.1.0.2', Options: null }],
  [
    'NetworkDriver.CreateEndpoint',
    {
      ...ids,
      Interface: { Address: '10.1.0.2/32', AddressIPv6: '', MacAddress: '' },
      Options: { 'routed.addresses': '10.1.0.3 192.168.7.3' },
    },
  ],
  ['NetworkDriver.Join', { ...ids, SandboxKey: '/var/run/docker/netns/c80b7eea6528', Options: {} }],
  ['NetworkDriver.Leave', ids],
  ['NetworkDriver.DeleteEndpoint', ids],
  ['IpamDriver.ReleaseAddress', { PoolID, Address: '10.1.0.2' }],
  ['IpamDriver.ReleasePool', { PoolID }],
  ['NetworkDriver.DeleteNetwork', { NetworkID }],
];
/** The last call that makes something; those after it take away, and what is gone from the kernel stays gone. */
const LAST_MAKING = 4;

/** A store of which every write from one on fails, as on a full disk. */
class FullDisk {
  /** How many writes still pass. */
  left = Infinity;
  #refused = 0;

  state(): WiredState {
    return {
      networks: this.#guard(memoryRepository(), ['put', 'remove']) as Repository<never>,
      endpoints: this.#guard(memoryRepository(), ['put', 'remove']) as Repository<never>,
      sticky: this.#guard(memoryRepository(), ['put', 'remove']) as Repository<never>,
      kept: memoryRepository(),
      owners: memoryRepository(),
      drain: memoryRepository(),
      leases: this.#guard(memoryLeaseStore(), ['putPool', 'deletePool', 'putLease', 'deleteLease']) as LeaseStore,
      ledger: memoryUndoLog(),
    };
  }

  #guard(store: object, writes: readonly string[]): object {
    const methods = store as Record<string, (...args: unknown[]) => Promise<void>>;
    const guarded = writes.map((name) => {
      const write = methods[name]!.bind(store);
      return [name, (...args: unknown[]) => (this.#mayWrite() ? write(...args) : Promise.reject(new Error('full')))];
    });
    return { ...methods, ...Object.fromEntries(guarded) } as object;
  }

  #mayWrite(): boolean {
    if (this.left-- > 0) return true;
    this.#refused++;
    return false;
  }

  /** Whether a write has failed since it was last asked. */
  wasFull(): boolean {
    const wasFull = this.#refused > 0;
    this.#refused = 0;
    return wasFull;
  }
}

describe('a disk that is full', () => {
  let disk: FullDisk;
  let daemon: WiredDaemon;
  beforeEach(async () => {
    disk = new FullDisk();
    daemon = await wiredDaemon({ state: disk.state() });
  });
  afterEach(async () => {
    disk.left = Infinity;
    await daemon.reaper.flush();
    await daemon.stop();
  });

  const kernel = async (): Promise<object> => {
    await daemon.reaper.flush();
    const { links, routes, addresses } = daemon.kernel.inspect();
    return {
      addresses: addresses.filter(({ protocol }) => protocol === 200).map(({ address }) => address),
      links: links.map(({ name }) => name),
      routes: routes.filter(({ protocol }) => protocol === 200).map(({ destination }) => destination),
    };
  };

  for (const [index, [method, request]] of LIFE.entries()) {
    it(`fails ${method} at any of its writes, says so, does nothing by halves, and lets it be repeated`, async () => {
      for (const [earlier, argument] of LIFE.slice(0, index)) await daemon.call(earlier, argument);
      const before = await kernel();

      for (let passing = 0; ; passing++) {
        disk.left = passing;
        const refusal = await daemon.refusal(method, request);
        disk.left = Infinity;
        if (!disk.wasFull()) break;
        expect(refusal).to.equal('full');
        if (index <= LAST_MAKING) expect(await kernel()).to.deep.equal(before);
      }

      for (const [later, argument] of LIFE.slice(index + 1)) await daemon.call(later, argument);
      expect(await kernel()).to.deep.equal({ addresses: [], links: ['lo'], routes: [] });
      expect(await daemon.state.endpoints.load()).to.deep.equal([]);
      expect(await daemon.state.networks.load()).to.deep.equal([]);
      // Docker does not repeat a removal: what is left of one goes at the next start.
      await daemon.stop();
      daemon = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });
      for await (const pool of daemon.state.leases.loadPools()) expect.fail(`pool ${pool.id} is left`);
    });
  }
});

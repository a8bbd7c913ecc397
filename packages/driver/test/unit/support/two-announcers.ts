import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './wired.ts';

export const endpointId = dockerId('c80b7eea65283f');
export const address = '10.1.0.2';
export const ids = { NetworkID: dockerId('c98909'), EndpointID: endpointId };
export const [MAIN, UNANNOUNCED, PREVIOUS] = [254, 7200, 7201] as const;
const prefix = `${address}/32`;
const NEXT_HOP = '10.9.0.2';

/** A host, and another one that may announce the address of its container: as far as the router of the first one tells. */
export class TwoAnnouncers {
  readonly #realNow = performance.now.bind(performance);
  #answers: Record<string, unknown> = {};
  #uplink = 0;
  daemon!: WiredDaemon;

  async open(): Promise<void> {
    await this.#wire();
    const { links, addresses, neighbours } = this.daemon.kernel;
    this.#uplink = (await links.createVeth({ name: 'eth1', isUp: true, peer: { name: 'far' } })).index;
    await addresses.add({ linkIndex: this.#uplink, address: '10.9.0.1/24' });
    await neighbours.add({ linkIndex: this.#uplink, address: NEXT_HOP, mac: '02:00:00:00:00:02' });
  }

  async close(): Promise<void> {
    performance.now = this.#realNow;
    await this.daemon.reaper.flush();
    await this.daemon.stop();
  }

  /** Starts the next daemon with what the last one left. */
  async restart(): Promise<void> {
    const { kernel, state } = this.daemon;
    await this.#wire({ kernel, state });
  }

  /** Creates a network with these options, and starts the container on it. */
  async run(driverOptions: Readonly<Record<string, string>>): Promise<void> {
    const poolId = await createNetwork(this.daemon, { driverOptions });
    await startContainer(this.daemon, { poolId, endpointId, address });
    await this.settled();
  }

  async settled(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The router has heard of another one, by these next hops, that announces the address. */
  hear(routerId: string, nextHops: readonly string[] = [NEXT_HOP]): void {
    const nexthops = nextHops.map((ip) => ({ ip, interfaceName: 'eth1' }));
    this.#answers[`show ip route ${prefix} json`] = { [prefix]: [{ protocol: 'ospf', nexthops }] };
    this.#answers[`show ip ospf database external ${address} json`] = {
      routerId: '10.0.0.5',
      asExternalLinkStates: [{ lsaAge: 1, advertisingRouter: routerId, networkMask: 32 }],
    };
  }

  /** Nobody else announces the address any more. */
  hearNothing(): void {
    this.#answers = {};
  }

  /** The router cannot say any more who announces it. */
  forgetRouter(): void {
    Reflect.deleteProperty(this.#answers, `show ip ospf database external ${address} json`);
  }

  /** The route to the other host is in the kernel, or no longer; ours wins as long as it is there. */
  async learn(isThere = true): Promise<void> {
    const route = { destination: prefix, gateway: NEXT_HOP, linkIndex: this.#uplink, protocol: 188, metric: 20 };
    await this.daemon.kernel.routes[isThere ? 'add' : 'delete'](route);
  }

  /** Looks for conflicts, as the daemon does once a second. */
  async look(): Promise<void> {
    const { conflicts, claims } = this.daemon.parts.cluster;
    await conflicts.review();
    for (const claim of claims.all()) await conflicts.check(claim);
  }

  pass(ms: number): void {
    const now = performance.now() + ms;
    performance.now = () => now;
  }

  /** The tables with a route of ours to the address. */
  tables(): number[] {
    return this.daemon.kernel
      .inspect()
      .routes.filter(({ protocol, destination }) => protocol === 200 && destination === prefix)
      .map(({ table }) => table);
  }

  /** Where {@link PREVIOUS} leads. */
  wayToPrevious(): unknown {
    return this.daemon.kernel.inspect().routes.find(({ table }) => table === PREVIOUS);
  }

  get way(): object {
    return { gateway: NEXT_HOP, linkIndex: this.#uplink };
  }

  async rules(): Promise<number> {
    return (await this.daemon.kernel.rules.list({ protocol: 200 })).length;
  }

  async #wire(former: Partial<Pick<WiredDaemon, 'kernel' | 'state'>> = {}): Promise<void> {
    const ask = (_: unknown, command: string): Promise<unknown> => Promise.resolve(this.#answers[command]);
    this.daemon = await wiredDaemon({ ...former, routers: { ask } });
  }
}

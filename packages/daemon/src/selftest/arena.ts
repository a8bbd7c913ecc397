import type { Rtnl } from '@routed/netns';
import type { DaemonReport } from '@routed/driver';
import { isDeepStrictEqual } from 'node:util';
import type { DockerStandIn, EndAddresses, Joined, StandInNetwork } from './docker-stand-in.ts';
import { PORTS } from './end-protocol.ts';
import type { EndProcess } from './end-process.ts';

/** One of the two ends of a selftest. */
export type Side = 'a' | 'b';
export type Options = Readonly<Record<string, string>>;

/** What an arena is made of. */
interface ArenaDeps {
  readonly standIn: DockerStandIn;
  readonly network: StandInNetwork;
  readonly host: Rtnl;
  readonly ends: Readonly<Record<Side, EndProcess>>;
  readonly addresses: Readonly<Record<Side, EndAddresses>>;
  /** What the daemon says of itself now. */
  readonly status: () => Promise<DaemonReport>;
  /** An address of the network that nobody has; absent: it is a network of the operator's. */
  readonly spare?: string;
  /** Options of every endpoint, so that what a network's options say does not matter. */
  readonly options: Options;
  readonly routerDir: string;
  /** An address on another host; absent: none was named. */
  readonly peer?: string;
}

/** How long one datagram waits for its answer, and a connection for its end. */
const DATAGRAM = { tries: 10, timeoutMs: 500 } as const;
const STREAM_MS = 20_000;
/** So long nothing may come that should not: what is refused is refused at once, or not at all. */
const REFUSAL_MS = 1_000;

/** A network with two ends on it, whose endpoints are made anew when a check wants other options. */
export class Arena {
  readonly deps: ArenaDeps;
  readonly #broken = new Set<4 | 6>();
  readonly #joined = new Map<Side, { readonly joined: Joined; readonly options: Options }>();

  constructor(deps: ArenaDeps) {
    this.deps = deps;
  }

  /** The families that the network has, as far as they work. */
  get families(): readonly (4 | 6)[] {
    return ([4, 6] as const).filter(
      (family) => this.deps.addresses.a[family] !== undefined && !this.#broken.has(family),
    );
  }

  /** Nothing else is tried with this family: it would only fail again. */
  giveUp(family: 4 | 6): void {
    this.#broken.add(family);
  }

  /** The address of an end; that of IPv4 where there is one. */
  addressOf(side: Side, family: 4 | 6 | undefined = this.families[0]): string {
    return this.deps.addresses[side][family ?? 4] ?? '';
  }

  /** The id of the endpoint that an end has now. */
  endpointOf(side: Side): string {
    return this.#joined.get(side)?.joined.endpointId ?? '';
  }

  /** Has an end's endpoint have these options and no others: it stays where it has them already. @throws PluginCallError */
  async dress(side: Side, options: Options): Promise<void> {
    const wanted = { ...this.deps.options, ...options };
    const before = this.#joined.get(side);
    if (before !== undefined && isDeepStrictEqual(before.options, wanted)) return;
    if (before !== undefined) {
      this.#joined.delete(side);
      await this.deps.standIn.leave(before.joined);
    }
    const container = { addresses: this.deps.addresses[side], options: wanted };
    const joined = await this.deps.standIn.join(this.deps.network, this.deps.ends[side], container);
    this.#joined.set(side, { joined, options: wanted });
  }

  /** Takes an end's endpoint away. */
  async undress(side: Side): Promise<void> {
    const joined = this.#joined.get(side)?.joined;
    this.#joined.delete(side);
    if (joined !== undefined) await this.deps.standIn.leave(joined);
  }

  /** Whether a datagram from one end to an address is answered. */
  async exchanges(from: Side, to: string, port: number = PORTS.listed, sizeBytes = 64): Promise<boolean> {
    const { isAnswered } = await this.deps.ends[from].do('datagram', { to, port, sizeBytes, ...DATAGRAM });
    return isAnswered;
  }

  /** Why a connection from one end to an address does not come about; undefined: it does, and carries so many bytes. */
  async connects(from: Side, to: string, port: number = PORTS.listed, sizeBytes = 65_536): Promise<string | undefined> {
    const { failed } = await this.deps.ends[from].do('stream', { to, port, sizeBytes, timeoutMs: STREAM_MS });
    return failed;
  }

  /** Whether a connection that lists forbid does not come about. */
  async isRefused(from: Side, to: string, port: number = PORTS.unlisted): Promise<boolean> {
    const { failed } = await this.deps.ends[from].do('stream', { to, port, sizeBytes: 1, timeoutMs: REFUSAL_MS });
    return failed !== undefined;
  }
}

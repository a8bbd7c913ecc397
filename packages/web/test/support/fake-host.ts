import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CheckResult } from '@routed/doctor';
import type { DriverReport, JournalEntry, RefusedPacket } from '@routed/driver';
import Koa from 'koa';
import { openWebPage } from '../../src/server/web-page.ts';
import type { Steps } from '@routed/driver/steps';
import type { RecentSource, WebSources } from '../../src/server/sources.ts';

type EndpointStatus = DriverReport['endpoints'][number];

/** A list that grows, as the driver keeps it. */
export class Recorded<T> implements RecentSource<T> {
  readonly items: T[] = [];
  readonly #listeners = new Set<(item: T) => void>();

  /** How many hear of further ones. */
  get listeners(): number {
    return this.#listeners.size;
  }

  record(item: T): void {
    this.items.push(item);
    for (const listener of this.#listeners) listener(item);
  }

  latest(count: number): readonly T[] {
    return this.items.slice(-count);
  }

  follow(listener: (item: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** A host with as many containers as a test needs, and nothing behind it. */
export class FakeHost {
  readonly journal = new Recorded<JournalEntry>();
  readonly refused = new Recorded<RefusedPacket>();
  readonly endpoints: EndpointStatus[];
  checks: readonly CheckResult[] = [];
  problems: string[] = [];
  /** How often the driver was asked for its report. */
  reports = 0;

  constructor(count: number) {
    this.endpoints = Array.from({ length: count }, (_, index) => endpointAt(index));
  }

  /** The endpoint takes its route away, or gets it back. */
  setAnnounced(index: number, isAnnounced: boolean): void {
    const endpoint = this.endpoints[index]!;
    const reason = isAnnounced ? 'healthy' : 'not healthy';
    const announcement = { policy: 'healthy', isAnnounced, reason, since: new Date().toISOString() };
    this.endpoints[index] = { ...endpoint, announcement };
    this.journal.record({
      at: new Date().toISOString(),
      kind: isAnnounced ? 'announced' : 'withdrawn',
      addresses: endpoint.addresses,
      endpointId: endpoint.id,
      container: endpoint.container!,
      network: endpoint.network!,
      detail: reason,
    });
  }

  sources(): WebSources {
    return {
      report: () => this.#report(),
      refreshNames: () => Promise.resolve(),
      journal: this.journal,
      refused: this.refused,
      story: (address) => {
        if (!/^[\d.]+$/.test(address)) return Promise.reject(new Error(`${address} is not an IP address`));
        const endpoint = this.endpoints.find(({ addresses }) => addresses.includes(address));
        return Promise.resolve({
          address,
          ...(endpoint?.container !== undefined && { container: endpoint.container }),
          ...(endpoint?.network !== undefined && { network: endpoint.network }),
          stages: STAGES,
          traffic: { inBytes: 1_234_567, outBytes: 89_000_000 },
          connections: 3,
          history: this.journal.items.filter(({ addresses }) => addresses.includes(address)),
        });
      },
      examine: () => Promise.resolve(this.checks),
      routers: () =>
        Promise.resolve({
          daemons: [{ daemon: 'bgpd', answers: true }] as const,
          neighbors: [
            neighborOf({ neighbor: '192.0.2.1', isUp: true, state: 'Established', upSec: 86_000 }),
            neighborOf({ neighbor: '192.0.2.5', isUp: false, state: 'Active', upSec: 0 }),
          ],
        }),
      uplinks: () =>
        Promise.resolve([
          {
            name: 'eth0',
            isUp: true,
            mtuBytes: 1500,
            inBytes: performance.now() * 150,
            outBytes: performance.now() * 1900,
          },
        ]),
      latencies: () =>
        Promise.resolve([
          { name: 'Join', count: this.endpoints.length, failed: 0, meanMs: 3, medianMs: 5, p99Ms: 10 },
          { name: 'Withdrawal', count: 12, failed: 0, meanMs: 4, medianMs: 5, p99Ms: 20 },
        ]),
    };
  }

  *#report(): Steps<DriverReport> {
    this.reports++;
    const endpoints: EndpointStatus[] = [];
    for (const endpoint of this.endpoints) {
      endpoints.push({ ...endpoint });
      yield;
    }
    const leased = endpoints.length;
    return {
      ...{ version: '0.1.0', pid: 1, uptimeSec: 7200, mtuBytes: 1500, gateways: { 4: '169.254.1.1', 6: 'fe80::1' } },
      ...{ problems: this.problems, notes: ['web-0: --publish 80:80/tcp has no effect on a routed network'] },
      networks: [
        {
          ...{ id: NETWORK, name: 'apps', mtuBytes: 1500, prefixes: [], endpoints: leased },
          pools: [{ prefix: '10.1.0.0/16', gateway: '10.1.0.1', leased, size: 65_534 }],
        },
      ],
      endpoints,
      ...{ conflicts: [], looseAddresses: [], lastRound: undefined, reconciledMsAgo: 10, ...COUNTS },
      blocks: [{ prefix: '10.1.4.0/24', networkId: NETWORK, leased: 250, size: 256, rivals: [] }],
    };
  }
}

/** A page that is served for a test. */
export interface ServedPage {
  readonly url: string;
  close(): void;
}

/** Serves the page on a free port of loopback. */
export async function servePage(
  host: FakeHost,
  settings: { readonly peers?: readonly string[] } = {},
): Promise<ServedPage> {
  const stopping = new AbortController();
  const app = new Koa();
  // Clients of tests go when they have seen enough.
  app.silent = true;
  const onError = (error: unknown): void => {
    throw error;
  };
  app.use(await openWebPage(host.sources(), { host: 'h1', stopping: stopping.signal, onError, ...settings }));
  const handle = app.callback();
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      stopping.abort();
      server.close();
      server.closeAllConnections();
    },
  };
}

const NETWORK = 'c0ffee'.padEnd(64, '0');
const STAGES = [
  { name: 'lease', state: 'ok', text: 'docker lease of endpoint 0123456789ab, from 10.1.0.0/16' },
  { name: 'link', state: 'ok', text: 'link rt0123456789ab is up, MTU 1500' },
  { name: 'announcement', state: 'broken', text: 'not announced (routed.announce=healthy): not healthy' },
  { name: 'router', state: 'unknown', text: 'no routing daemon runs on this host' },
] as const;
const COUNTS = {
  totals: { networks: 1, joined: 0, idle: 0, announced: 0, conflicts: { kept: 0, yielding: 0, yielded: 0 } },
  pools: [],
  forgotten: { left: 0, endpoints: 0, leases: 0 },
  cluster: {
    ...{ candidatesSkipped: 0, requestsRefused: 0, joinsRefused: 0, conflictsFound: 0 },
    ...{ conflictsEnded: 0, yielded: 0, resumed: 0 },
  },
  linksToDelete: 0,
  announcements: [],
  drains: {
    draining: 0,
    endpoint: { begun: 0, ended: 0 },
    host: { begun: 0, ended: 0 },
    stop: { begun: 0, empty: 0, timeOver: 0, ended: 0 },
  },
};

function endpointAt(index: number): EndpointStatus {
  const id = index.toString(16).padStart(64, '0');
  return {
    id,
    networkId: NETWORK,
    link: `rt${id.slice(-12)}`,
    addresses: [`10.1.${(index + 2) >> 8}.${(index + 2) & 255}`],
    mac: '02:42:0a:01:00:02',
    gateways: ['169.254.1.1'],
    container: `web-${index}`,
    network: 'apps',
    sandboxKey: `/var/run/docker/netns/${id.slice(0, 12)}`,
    announcement: { policy: 'healthy', isAnnounced: true, reason: 'healthy', since: '2026-11-28T12:00:00.000Z' },
    ...(index % 7 === 3 && { rateIn: '10mbit' }),
  };
}

function neighborOf(session: {
  readonly neighbor: string;
  readonly isUp: boolean;
  readonly state: string;
  readonly upSec: number;
}): Awaited<ReturnType<WebSources['routers']>>['neighbors'][number] {
  const prefixes = session.isUp ? [{ family: 'ipv4', received: 40, sent: 12 } as const] : [];
  return { protocol: 'bgp', link: '', flaps: 1, prefixes, ...session };
}

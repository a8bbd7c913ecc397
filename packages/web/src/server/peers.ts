import { z } from 'zod';
import type { PeerMatches } from '../shape/addresses.ts';
import type { Peer } from '../shape/overview.ts';
import { askPeer } from './ask-peer.ts';
import { Remembered } from './remembered.ts';

const FRESH_MS = 5_000;
/** Addresses of each other host that a search shows. */
const MATCHES = 20;

const peerOverview = z.object({
  host: z.string(),
  version: z.string(),
  problemCount: z.number(),
  totals: z.object({ endpoints: z.number(), announced: z.number() }),
  networks: z.array(z.object({ pools: z.array(z.object({ prefix: z.string() })) })),
  blocks: z.array(z.object({ prefix: z.string() })),
});

const peerAddresses = z.object({
  total: z.number(),
  rows: z.array(
    z.object({
      address: z.string(),
      container: z.string(),
      network: z.string(),
      state: z.enum(['announced', 'withdrawn', 'idle', 'conflict']),
      reason: z.string(),
      since: z.string().exactOptional(),
    }),
  ),
});

/** The pages of other hosts, asked while somebody looks at this one. Nothing is kept but the last answers. */
export class Peers {
  readonly #peers: ReadonlyMap<string, Remembered<z.infer<typeof peerOverview>>>;

  /** @param urls of their pages, each with a slash at its end */
  constructor(urls: readonly string[]) {
    this.#peers = new Map(
      urls.map((url) => [
        url,
        new Remembered(() => askPeer(url, 'api/overview', peerOverview), { freshMs: FRESH_MS, costFactor: 2 }),
      ]),
    );
  }

  /** What is known of them now; asks for more in the background. */
  overview(): Peer[] {
    return Array.from(this.#peers, ([url, remembered]) => {
      void remembered.refresh();
      return peerOf(url, remembered);
    });
  }

  /** Their addresses that match; waits for the slowest, at most for the deadline of a question. */
  async search(text: string): Promise<PeerMatches> {
    const path = `api/addresses?q=${encodeURIComponent(text)}&limit=${MATCHES}`;
    const answers = Array.from(this.#peers, async ([url, { value }]) => {
      const host = value?.host ?? url;
      try {
        const { total, rows } = await askPeer(url, path, peerAddresses);
        return { url, host, total, rows: rows.slice(0, MATCHES) };
      } catch (error) {
        return { url, host, total: 0, rows: [], reason: (error as Error).message };
      }
    });
    return { peers: await Promise.all(answers) };
  }
}

function peerOf(url: string, { value, error }: Remembered<z.infer<typeof peerOverview>>): Peer {
  if (value === undefined) {
    return error === undefined ? { url, state: 'asking' } : { url, state: 'unreachable', reason: error };
  }
  const { host, version, totals, problemCount, networks, blocks } = value;
  return {
    ...{ url, state: 'reachable', host, version, endpoints: totals.endpoints, announced: totals.announced },
    problems: problemCount,
    blocks: blocks.map(({ prefix }) => prefix),
    pools: [...new Set(networks.flatMap(({ pools }) => pools.map(({ prefix }) => prefix)))],
  };
}

/**
 * Prints what a lease costs at different fill levels of an IPv4 /12 and an IPv6 /64, with a store that costs nothing.
 * Run: npx tsx packages/ipam/bench/allocation.bench.ts [--json] [POOL...], a pool being one of the table, such as '/12 10 %'
 */
import { Console } from 'node:console';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { formatAddress } from '@routed/addresses';
import { isIpamError, openIpam, parsePoolId } from '../src/index.ts';
import type { Ipam, Lease, LeaseStore, Pool } from '../src/index.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const [four, six] = ['local/10.16.0.0/12', 'local/2001:db8::/64'] as const;
const [fourBase, sixBase] = [0x0a100000n, 0x20010db8n << 96n];
const usable = 2 ** 20 - 2;
const batch = 500;
const rounds = 100;

/** Repeatable numbers from 0 to 1. Source: mulberry32, in the public domain. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The given part of a /12, chosen at random. */
function* partOfFour(part: number): Generator<string> {
  const random = randomNumbers(1);
  for (let offset = 1; offset <= usable; offset++) {
    if (random() < part) yield formatAddress({ family: 4, value: fourBase + BigInt(offset) });
  }
}

function* sequentialSix(count: number): Generator<string> {
  for (let offset = 1; offset <= count; offset++) yield formatAddress({ family: 6, value: sixBase + BigInt(offset) });
}

function* scatteredSix(count: number): Generator<string> {
  const random = randomNumbers(2);
  const seen = new Set<bigint>();
  while (seen.size < count) {
    const offset = (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(Math.floor(random() * 2 ** 32));
    if (seen.has(offset)) continue;
    seen.add(offset);
    yield formatAddress({ family: 6, value: sixBase + offset });
  }
}

function storeOf(poolId: string, addresses: Iterable<string>): LeaseStore {
  const content = parsePoolId(poolId);
  if (content === undefined) throw new Error(`not a pool id: ${poolId}`);
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    loadPools: (): Pool[] => [{ id: poolId, ...content }],
    *loadLeases(): Generator<Lease> {
      for (const address of addresses) yield { poolId, address, purpose: 'endpoint' };
    },
    putPool: nothing,
    deletePool: nothing,
    putLease: nothing,
    deleteLease: nothing,
  };
}

async function nsPerOperation(count: number, operation: (index: number) => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  for (let index = 0; index < count; index++) await operation(index);
  return Math.round(Number(process.hrtime.bigint() - start) / count);
}

/** Releases leases chosen at random and requests as many, in small batches, so that the fill level stays. */
async function churn(ipam: Ipam, poolId: string): Promise<{ releaseNs: number; requestNs: number }> {
  const random = randomNumbers(3);
  const leased = Array.from(ipam.leases(poolId), ({ address }) => address);
  const takeAny = (): string => {
    const index = Math.floor(random() * leased.length);
    const address = leased[index] ?? '';
    leased[index] = leased.at(-1) ?? '';
    leased.pop();
    return address;
  };
  const request = async (): Promise<void> => {
    leased.push((await ipam.requestAddress({ poolId, purpose: 'endpoint' })).address);
  };
  while (leased.length < batch) await request();
  const total = { releaseNs: 0, requestNs: 0 };
  for (let round = 0; round < rounds; round++) {
    const victims = Array.from({ length: batch }, takeAny);
    total.releaseNs += await nsPerOperation(batch, (index) =>
      ipam.releaseAddress({ poolId, address: victims[index] ?? '' }),
    );
    total.requestNs += await nsPerOperation(batch, request);
  }
  return { releaseNs: Math.round(total.releaseNs / rounds), requestNs: Math.round(total.requestNs / rounds) };
}

async function refusalNs(ipam: Ipam, poolId: string): Promise<number> {
  return nsPerOperation(batch * rounds, async () => {
    const outcome = await ipam.requestAddress({ poolId, purpose: 'endpoint' }).catch((error: unknown) => error);
    if (!isIpamError(outcome, 'POOL_EXHAUSTED')) throw new Error('the pool is not full');
  });
}

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

async function measure(title: string, poolId: string, addresses: Iterable<string>): Promise<void> {
  const heapBefore = heapBytes();
  const start = performance.now();
  const ipam = await openIpam({ store: storeOf(poolId, addresses) });
  const loadMs = Math.round(performance.now() - start);
  const heapMb = Math.round((heapBytes() - heapBefore) / 1e6);
  const { leased } = ipam.usage(poolId);
  const isFull = poolId === four && leased === usable;
  const refused = isFull ? { refusalNs: await refusalNs(ipam, poolId) } : {};
  table.push({ pool: title, leases: leased, loadMs, heapMb, ...(await churn(ipam, poolId)), ...refused });
}

const pools: readonly (readonly [string, string, () => Iterable<string>])[] = [
  ['/12 empty', four, () => []],
  ['/12 10 %', four, () => partOfFour(0.1)],
  ['/12 50 %', four, () => partOfFour(0.5)],
  ['/12 99.9 %', four, () => partOfFour(0.999)],
  ['/12 100 %', four, () => partOfFour(1)],
  ['/64 empty', six, () => []],
  ['/64 in sequence', six, () => sequentialSix(2 ** 20)],
  ['/64 scattered', six, () => scatteredSix(2 ** 20)],
];

const [asJson, ...wanted] = process.argv[2] === '--json' ? process.argv.slice(2) : ['', ...process.argv.slice(2)];
const table: object[] = [];
await measure('warm-up', four, partOfFour(0.5));
table.length = 0;
for (const [title, poolId, addresses] of pools)
  if (wanted.length === 0 || wanted.includes(title)) await measure(title, poolId, addresses());
if (asJson === '') new Console(process.stdout).table(table);
else process.stdout.write(`${JSON.stringify(table)}\n`);

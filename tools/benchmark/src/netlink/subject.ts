/**
 * Makes the requests of netlink/requests.c with a build of @routed/netns, whose folder is the argument, and answers the same way.
 * `stream` and `hold` tell also what they took of memory and of the event loop.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type * as Library from '@routed/netns';
import type * as RawLibrary from '@routed/netns/netlink';

const table = 101;
const protocol = 200;
const rtmGetRoute = 26;
const resolutionMs = 1;

const folder = process.argv[2] ?? '';
const load = async <T>(file: string): Promise<T> => (await import(pathToFileURL(join(folder, file)).href)) as T;
const { openRtnl } = await load<typeof Library>('dist/index.js');
const rtnl = await openRtnl();

type Route = Parameters<typeof rtnl.routes.add>[0];

const routeOf = (linkIndex: number, number: number, inTable = table): Route => ({
  destination: `${dotted(10, number)}/32`,
  linkIndex,
  table: inTable,
  protocol,
  scope: 'link',
});

function dotted(first: number, number: number): string {
  return `${first}.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - started);
}

async function deleteRoutes(link: number, count: number): Promise<void> {
  await rtnl.batch(({ routes }) => Promise.all(upTo(count).map((number) => routes.delete(routeOf(link, number)))));
}

async function addAddresses(linkIndex: number, count: number): Promise<number> {
  const specs = upTo(count).map((number) => ({ linkIndex, address: `${dotted(11, number)}/32` }));
  const took = await timed(async () => {
    for (const spec of specs) await rtnl.addresses.add(spec);
  });
  await rtnl.batch(({ addresses }) => Promise.all(specs.map((spec) => addresses.delete(spec)).reverse()));
  return took;
}

async function addRoutes(
  link: number,
  count: number,
  add: (specs: readonly Route[]) => Promise<unknown>,
): Promise<number> {
  const specs = upTo(count).map((number) => routeOf(link, number));
  const took = await timed(() => add(specs));
  await deleteRoutes(link, count);
  return took;
}

async function oneByOne(specs: readonly Route[]): Promise<void> {
  for (const spec of specs) await rtnl.routes.add(spec);
}

/** Every route of a table, none of which is kept. */
async function streamRoutes(inTable: number): Promise<unknown> {
  if ('stream' in rtnl.routes) {
    let count = 0;
    const routes = rtnl.routes as unknown as { stream(filter: object): AsyncIterable<unknown> };
    for await (const route of routes.stream({ table: inTable, family: 4 })) count += route === undefined ? 0 : 1;
    return count;
  }
  const { openNetlink } = await load<typeof RawLibrary>('dist/netlink.js');
  await using netlink = await openNetlink({ protocol: 'route' });
  const header = Uint8Array.of(2, 0, 0, 0, inTable, 0, 0, 0, 0, 0, 0, 0);
  let count = 0;
  for await (const { payload } of netlink.dump({ type: rtmGetRoute, header })) count += payload.length > 0 ? 1 : 0;
  return count;
}

/** Milliseconds, MiB beyond what there was before, and how late timers of 1 ms were. */
async function costs(work: () => Promise<unknown>): Promise<string> {
  const status = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
  // Source: proc(5), clear_refs: 5 makes VmHWM start again from what there is.
  writeFileSync('/proc/self/clear_refs', '5');
  const before = status('VmRSS');
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const ns = await timed(work);
  delay.disable();
  return JSON.stringify({
    ms: ns / 1e6,
    extraMib: status('VmHWM') - before,
    delayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - resolutionMs),
  });
}

const commands: Readonly<Record<string, (a: number, b: number) => Promise<number | string>>> = {
  'list-links': () => timed(() => rtnl.links.list()),
  'list-routes': (inTable) => timed(() => rtnl.routes.list({ table: inTable, family: 4 })),
  'get-links': (index, count) =>
    timed(async () => {
      for (let done = 0; done < count; done++) await rtnl.links.get({ index });
    }),
  'get-routes': (count) =>
    timed(async () => {
      for (let number = count; number > 0; number--) await rtnl.routes.get(dotted(10, number));
    }),
  'add-addresses': addAddresses,
  'add-routes': (link, count) => addRoutes(link, count, oneByOne),
  'batch-routes': (link, count) =>
    addRoutes(link, count, (specs) => rtnl.batch(({ routes }) => Promise.all(specs.map((spec) => routes.add(spec))))),
  'concurrent-routes': (link, count) =>
    addRoutes(link, count, (specs) => Promise.all(specs.map((spec) => rtnl.routes.add(spec)))),
  stream: (inTable) => costs(() => streamRoutes(inTable)),
  hold: (inTable) => costs(() => rtnl.routes.list({ table: inTable, family: 4 })),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [verb = '', a = 0, b = 0] = line.split(' ');
  process.stdout.write(`${await commands[verb]?.(Number(a), Number(b))}\n`);
}
await rtnl.close();

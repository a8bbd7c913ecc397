import { DAEMON_REPORT_PATH, daemonReport } from '@routed/driver/daemon-report';
import { isNetlinkError, openRtnl, type Route, type Rtnl } from '@routed/netns';
import { RouterView, VtyLines } from '@routed/quagga/show';
import { askDaemonFor } from '../admin/admin-client.ts';
import { readRecord, unlessUnreachable } from '../admin/read-record.ts';
import type { OwnerFacts } from './facts.ts';

/** Reads what says who has an address: the daemon, the kernel, the router. Whoever does not answer is left out. */
export async function readOwner(
  address: string,
  places: { readonly adminSocket: string; readonly routerDirs: readonly string[] | undefined },
): Promise<OwnerFacts> {
  const record = await readRecord(places.adminSocket, address);
  const report =
    record === undefined
      ? undefined
      : await unlessUnreachable(askDaemonFor(places.adminSocket, DAEMON_REPORT_PATH, daemonReport));
  await using rtnl = await openRtnl();
  const route = await routeOf(rtnl, address);
  const indexes = route?.nextHops.flatMap(({ linkIndex }) => linkIndex ?? []) ?? [];
  const links = await Promise.all(indexes.map((index) => rtnl.links.get({ index })));
  const linkNames = new Map(links.flatMap((link) => (link === undefined ? [] : [[link.index, link.name] as const])));
  return { address, record, report, route, linkNames, ...(await readOrigin(address, places.routerDirs)) };
}

/** Undefined as well where the table says that packets go nowhere. */
async function routeOf(rtnl: Rtnl, address: string): Promise<Route | undefined> {
  try {
    return await rtnl.routes.get(address, { exact: true });
  } catch (error) {
    if (isNetlinkError(error, 'EINVAL', 'EACCES')) return undefined;
    throw error;
  }
}

async function readOrigin(
  address: string,
  directories: readonly string[] | undefined,
): Promise<Pick<OwnerFacts, 'origin' | 'stuckDaemons'>> {
  const lines = new VtyLines(directories);
  try {
    return { origin: await new RouterView({ lines }).origin(address), stuckDaemons: lines.stuck };
  } finally {
    await lines.close();
  }
}

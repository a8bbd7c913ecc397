import { hostPrefix, linkNames } from '@routed/datapath';
import type { AddressRecord } from '@routed/driver/replies';
import { RouterView, VtyLines } from '@routed/quagga/show';
import { FORWARD_CHAIN, runCommand } from '@routed/netfilter';
import { openNetns, openRtnl, type Rtnl } from '@routed/netns';
import { readRecord } from '../admin/read-record.ts';
import type { AddressFacts, FirewallFacts, SandboxFacts } from './facts.ts';

/** Reads what there is to know of one address; changes nothing. */
export async function readFacts(
  address: string,
  places: { readonly adminSocket: string; readonly routerDir: string },
): Promise<AddressFacts> {
  const record = await readRecord(places.adminSocket, address);
  await using rtnl = await openRtnl();
  const route = await rtnl.routes.get(address, { exact: true });
  const endpoint = record?.endpoint;
  const link = endpoint && (await rtnl.links.get({ name: linkNames(endpoint.id).host }));
  const neighbours = link === undefined ? [] : await rtnl.neighbours.list({ linkIndex: link.index });
  return {
    address,
    record,
    route,
    routeLink: route?.linkIndex === undefined ? undefined : await rtnl.links.get({ index: route.linkIndex }),
    link,
    neighbour: neighbours.find((entry) => entry.address === address),
    sandbox: link && (await readSandbox(endpoint, link.index, address)),
    firewall: await readFirewall(address),
    ...(await readRouterIn(places.routerDir, record?.block ?? address)),
  };
}

async function readSandbox(
  { sandboxKey }: NonNullable<AddressRecord['endpoint']>,
  hostIndex: number,
  address: string,
): Promise<SandboxFacts> {
  if (sandboxKey === undefined) return { unreachable: 'it is in no container', hasAddress: false, isUp: false };
  try {
    const netns = await openNetns({ path: sandboxKey });
    await using rtnl: Rtnl = await netns.openRtnl({ lanes: 1 });
    await netns.close();
    const link = (await rtnl.links.list({ kind: 'veth' })).find(({ peerIndex }) => peerIndex === hostIndex);
    const held = link === undefined ? [] : await rtnl.addresses.list({ linkIndex: link.index });
    return { hasAddress: held.some((entry) => entry.address === hostPrefix(address)), isUp: link?.isUp ?? false };
  } catch (error) {
    return { unreachable: (error as Error).message, hasAddress: false, isUp: false };
  }
}

async function readRouterIn(
  directory: string,
  destination: string,
): Promise<Pick<AddressFacts, 'router' | 'stuckDaemons'>> {
  const lines = new VtyLines([directory]);
  try {
    const router = await new RouterView({ lines }).announcements(destination);
    return { router, stuckDaemons: lines.stuck };
  } finally {
    await lines.close();
  }
}

async function readFirewall(address: string): Promise<FirewallFacts | undefined> {
  const result = await runCommand([address.includes(':') ? 'ip6tables' : 'iptables', '--wait', '-S', 'FORWARD']);
  if (result === undefined || result.exitCode !== 0) return undefined;
  const policy = /^-P FORWARD (\w+)/m.exec(result.stdout)?.[1] ?? 'unknown';
  return { policy, hasChain: result.stdout.includes(`-j ${FORWARD_CHAIN}`) };
}

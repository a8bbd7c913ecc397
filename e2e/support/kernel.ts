import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { eventually } from './eventually.ts';

/** A link as `ip -json link` tells it. */
export interface Link {
  readonly ifname: string;
  readonly ifalias?: string;
  readonly mtu: number;
  readonly operstate: string;
}

/** A route as `ip -json route` tells it; defaults are left out there. */
export interface Route {
  readonly dst: string;
  readonly dev: string;
  readonly protocol: string;
  readonly scope?: string;
}

/** How soon after a container's end its link must be gone. */
export const LINKS_GONE_MS = 1_000;

const ourProtocol = '200';

/** The host links of containers, and those that shape what containers send. */
export async function containerLinks(host: Host): Promise<Link[]> {
  const links = await ipJson<Link>(host, 'link', 'show');
  return links.filter(({ ifname }) => /^(veth[rc]|ifbr-)/.test(ifname));
}

/** The routes that are ours, of both families. */
export async function containerRoutes(host: Host): Promise<Route[]> {
  const ipv4 = await ipJson<Route>(host, '-4', 'route', 'show', 'table', 'main');
  const ipv6 = await ipJson<Route>(host, '-6', 'route', 'show', 'table', 'main');
  return [...ipv4, ...ipv6].filter(({ protocol }) => protocol === ourProtocol);
}

/** The host's own route to one address, as `ip route get` has it. */
export async function routeTo(host: Host, address: string): Promise<Route | undefined> {
  const routes = await ipJson<Route>(host, 'route', 'get', address);
  return routes[0];
}

/** Neither links nor routes of containers are left, soon. */
export async function expectNoContainers(host: Host): Promise<void> {
  await eventually(async () => {
    expect((await containerLinks(host)).map(({ ifname }) => ifname)).to.deep.equal([]);
    expect((await containerRoutes(host)).map(({ dst }) => dst)).to.deep.equal([]);
  }, LINKS_GONE_MS);
}

/** After the last network nothing of ours is left at all: no link, no route, no gateway address, no firewall rule. */
export async function expectNothingOurs(host: Host): Promise<void> {
  await expectNoContainers(host);
  const { stdout: addresses } = await host.exec(['ip', '-o', 'address', 'show', 'dev', 'lo']);
  expect(addresses.split('\n').filter((line) => / inet6? (?!127\.|::1)/.test(line))).to.deep.equal([]);
  const { stdout: rules } = await host.exec(['iptables-save']);
  expect(rules.split('\n').filter((line) => line.includes('vethr'))).to.deep.equal([]);
  const { stdout: nftables } = await host.exec(['sh', '-c', 'nft list ruleset 2>/dev/null || true']);
  expect(nftables).not.to.contain('vethr');
}

/** What the kernel has on this host, to be the same before and after something that failed. */
export async function kernelState(host: Host): Promise<Record<string, readonly string[]>> {
  const script = [
    'ip -br link | cut -d" " -f1',
    'ip -o address | sed "s/^[0-9]*: //; s/ valid_lft.*//"',
    'ip -N route show table all',
    'ip -N rule',
    // Docker leaves the files of ended containers for a minute, but nothing mounted there.
    "awk '/ nsfs /{print $5}' /proc/self/mountinfo",
  ];
  const names = ['links', 'addresses', 'routes', 'rules', 'namespaces'];
  const { stdout } = await host.exec(['sh', '-c', script.join('; echo ==; ')]);
  const parts = stdout.split('==\n').map((part) => part.split('\n').filter(isOfInterest).sort());
  return Object.fromEntries(names.map((name, index) => [name, parts[index] ?? []]));
}

/** A link of the host gets its own link-local IPv6 address a moment after it is up. */
function isOfInterest(line: string): boolean {
  return line !== '' && !(/fe80::|ff00::/.test(line) && !line.includes('vethr'));
}

async function ipJson<T>(host: Host, ...args: readonly string[]): Promise<T[]> {
  const { stdout } = await host.exec(['ip', '-json', '-N', ...args]);
  return stdout.trim() === '' ? [] : (JSON.parse(stdout) as T[]);
}

import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { eventually } from '../../support/eventually.ts';

/** A route that another host's router told this one. */
export interface LearntRoute {
  /** An address for a host route, else a prefix. */
  readonly dst: string;
  /** Where there is one way only. */
  readonly gateway?: string;
  /** Where there are several. */
  readonly nexthops?: readonly { readonly gateway: string }[];
}

const learntProtocols = ['186', '188'];

/** What this host's kernel has from OSPF and BGP, of both families. */
export async function learntRoutes(host: Host): Promise<LearntRoute[]> {
  const routes = await Promise.all(
    ['-4', '-6'].map(async (family) => {
      const { stdout } = await host.exec(['ip', '-json', '-N', family, 'route', 'show', 'table', 'main']);
      return JSON.parse(stdout.trim() === '' ? '[]' : stdout) as (LearntRoute & { protocol: string })[];
    }),
  );
  return routes.flat().filter(({ protocol }) => learntProtocols.includes(protocol));
}

/** The destinations of {@link learntRoutes}, sorted. */
export async function learntDestinations(host: Host): Promise<string[]> {
  return (await learntRoutes(host)).map(({ dst }) => dst).sort();
}

/** Waits until the host has learnt a route to an address; returns it. */
export async function untilLearnt(host: Host, address: string, deadlineMs = 10_000): Promise<LearntRoute> {
  return eventually(async () => {
    const route = (await learntRoutes(host)).find(({ dst }) => dst === address);
    if (route === undefined) throw new Error(`${host.name} has no route to ${address}`);
    return route;
  }, deadlineMs);
}

/** Checks that a host knows one way to an address: by this next hop, given with or without a prefix length. */
export async function expectOnlyWay(host: Host, address: string, nextHop: string | null): Promise<void> {
  const routes = (await learntRoutes(host)).filter(({ dst }) => dst === address);
  expect(routes.map(({ gateway }) => gateway)).to.deep.equal([nextHop?.split('/')[0]]);
}

/** Waits until the host has no route to an address any more. */
export async function untilForgotten(host: Host, address: string, deadlineMs = 10_000): Promise<void> {
  await eventually(async () => {
    expect(await learntDestinations(host), `routes of ${host.name}`).not.to.include(address);
  }, deadlineMs);
}

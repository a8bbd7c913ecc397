import { ROUTE_PROTOCOL } from '@routed/datapath';
import { prefixesOverlap } from '@routed/ipam';
import { type Check, defineCheck } from '../check.ts';

interface Named {
  readonly prefix: string;
  /** A network, or a link. */
  readonly owner: string;
}

export const poolOverlapCheck = defineCheck<{ readonly pools: readonly Named[]; readonly connected: readonly Named[] }>(
  {
    id: 'pool-overlap',
    title: 'no pool overlaps a prefix on a host link',
    read: async (host) => {
      const daemon = await host.daemon();
      const pools = (daemon?.networks ?? []).flatMap(({ id, name, pools: own, prefixes }) => {
        return [...own.map(({ prefix }) => prefix), ...prefixes].map((prefix) => ({
          prefix,
          owner: name ?? id.slice(0, 12),
        }));
      });
      const names = new Map((await host.links()).map(({ index, name }) => [index, name]));
      const ours = new Set((await host.containerLinks()).map(({ index }) => index));
      const onLink = (await host.routes()).filter(
        ({ linkIndex, gateway, protocol, destination, type }) =>
          linkIndex !== undefined &&
          gateway === undefined &&
          type === 'unicast' &&
          protocol !== ROUTE_PROTOCOL &&
          !ours.has(linkIndex) &&
          !/\/(0|32|128)$|^fe80:/.test(destination),
      );
      const connected = onLink.map(({ destination: prefix, linkIndex = 0 }) => {
        return { prefix, owner: names.get(linkIndex) ?? `link ${linkIndex}` };
      });
      return { pools, connected };
    },
    judge: ({ pools, connected }) =>
      pools.flatMap(({ prefix, owner }) =>
        connected
          .filter((link) => prefixesOverlap(prefix, link.prefix))
          .map((link) => ({
            severity: 'broken',
            found: `${prefix} of network ${owner} overlaps ${link.prefix} on ${link.owner}`,
            why: `the host resolves addresses of ${link.prefix} on ${link.owner}: it cannot reach containers of other hosts there, and a container may get the address of a machine`,
            remedy: `remove the address from ${link.owner}, or create the network with another --subnet`,
          })),
      ),
  },
);

export const poolsChecks: readonly Check[] = [poolOverlapCheck];

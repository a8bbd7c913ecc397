import { DOCTOR_SETTINGS } from '@routed/datapath';
import { type Check, defineCheck, type Finding } from '../check.ts';

const { key: KEY, value: VALUE } = DOCTOR_SETTINGS.multicastGroups;

/** Links on which OSPF sends hellos, and the multicast groups that ospfd has joined there. */
export interface OspfLinks {
  readonly links: number;
  readonly groups: number;
  /** Links where it has joined none: hellos of neighbors do not arrive. */
  readonly deaf: readonly string[];
}

/** All groups of ospfd count against one limit of the kernel, for each socket. Source: linux net/ipv4/igmp.c, __ip_mc_join_group. */
export const routerGroupsCheck = defineCheck<{
  readonly ospf: OspfLinks;
  readonly limit: number;
}>({
  id: 'router-groups',
  title: "OSPF's multicast groups are within the kernel's limit",
  read: async (host) => ({
    ospf: readOspfLinks((await host.routers())?.replies.get('show ip ospf interface') ?? ''),
    limit: Number((await host.sysctl(KEY)) ?? Infinity),
  }),
  judge: ({ ospf: { links, groups, deaf }, limit }): Finding[] => {
    if (groups < limit) return [];
    const fixes: Finding['fixes'] = [{ kind: 'sysctl', key: KEY, value: VALUE }];
    if (deaf.length > 0)
      return [
        {
          severity: 'broken',
          found: `OSPF hears nothing on ${deaf.length} of ${links} links, such as ${deaf[0] ?? ''}: ${KEY} is ${limit}`,
          why: 'ospfd joins a multicast group on each link, and the kernel refuses more; neighbors there stay in state Init',
          remedy: 'run with --fix, then restart ospfd',
          fixes,
        },
      ];
    return [
      {
        severity: 'warning',
        found: `OSPF has joined ${groups} multicast groups, and ${KEY} is ${limit}`,
        why: 'the next link, and some links after the next start of ospfd, get no neighbors',
        remedy: 'run with --fix',
        fixes,
      },
    ];
  },
});

/** Reads the reply to `show ip ospf interface`. Pure. Source: FRR ospfd/ospf_vty.c, show_ip_ospf_interface_sub. */
export function readOspfLinks(reply: string): OspfLinks {
  const links = reply
    .split(/\n(?=\S)/)
    .map((text) => ({
      name: /^\S+/.exec(text)?.[0] ?? '',
      isActive: /Hello due in/.test(text),
      groups: /Multicast group memberships:(.*)/.exec(text)?.[1]?.match(/OSPF\w+/g)?.length ?? 0,
    }))
    .filter(({ isActive }) => isActive);
  return {
    links: links.length,
    groups: links.reduce((sum, { groups }) => sum + groups, 0),
    deaf: links.filter(({ groups }) => groups === 0).map(({ name }) => name),
  };
}

export const routerGroupsChecks: readonly Check[] = [routerGroupsCheck];

import { type Check, defineCheck, type Finding } from '../check.ts';
import { hasContainersOrNetworks } from './firewall.ts';

/** Our tables of nf_tables, with all filters of containers. */
const TABLES = ['inet routed', 'arp routed'] as const;

export const filtersCheck = defineCheck<{
  /** Whether there is anything to filter. */
  readonly isNeeded: boolean;
  /** Undefined: there is no `nft`. */
  readonly tables: readonly string[] | undefined;
  /** Endpoints that nobody may open connections to. */
  readonly closed: readonly { readonly addresses: readonly string[]; readonly closedBy: string }[];
}>({
  id: 'filters',
  title: 'container filters are in place',
  read: async (host) => {
    const listed = await host.run(['nft', 'list', 'tables']);
    const tables = listed?.stdout.split('\n').map((line) => line.replace(/^table /, '').trim());
    const endpoints = (await host.daemon())?.endpoints ?? [];
    const closed = endpoints.flatMap(({ addresses, closedBy }) =>
      closedBy === undefined ? [] : [{ addresses, closedBy }],
    );
    return { isNeeded: await hasContainersOrNetworks(host), tables, closed };
  },
  judge: ({ isNeeded, tables, closed }) => {
    if (!isNeeded) return [];
    if (tables === undefined) {
      return [
        {
          severity: 'warning',
          found: 'nft is not installed',
          why: 'anti-spoofing is disabled, and containers with routed.ingress or routed.egress cannot start',
          remedy: 'install the package nftables, then restart routed-plugin; running containers keep their network',
        },
      ];
    }
    const missing = TABLES.filter((table) => !tables.includes(table));
    if (missing.length === 0) return closedNotes(closed);
    return [
      {
        severity: 'broken',
        found: `nftables has no table ${missing.join(', and none ')}`,
        why: 'it was removed ("nft flush ruleset", a restart of nftables.service): allow lists and anti-spoofing are off, and anyone may connect',
        remedy: 'start routed-plugin, which loads it at once; if it runs, see its log',
      },
    ];
  },
});

function closedNotes(
  closed: readonly { readonly addresses: readonly string[]; readonly closedBy: string }[],
): Finding[] {
  const [first] = closed;
  if (first === undefined) return [];
  return [
    {
      severity: 'note',
      found: `nobody may open connections to ${closed.length} endpoints, such as ${first.addresses.join(' ')}: ${first.closedBy}`,
      why: 'that may be meant; connections are refused at once, those of the host and of health checks too',
      remedy:
        'list who may with "routed-plugin ingress set CONTAINER SOURCES"; "routed-plugin refused CONTAINER" tells who tried',
    },
  ];
}

export const filtersChecks: readonly Check[] = [filtersCheck];

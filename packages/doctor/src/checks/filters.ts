import { type Check, defineCheck } from '../check.ts';
import { hasContainersOrNetworks } from './firewall.ts';

/** Our tables of nf_tables, with all filters of containers. */
const TABLES = ['inet routed', 'arp routed'] as const;

export const filtersCheck = defineCheck<{
  /** Whether there is anything to filter. */
  readonly isNeeded: boolean;
  /** Undefined: there is no `nft`. */
  readonly tables: readonly string[] | undefined;
}>({
  id: 'filters',
  title: 'container filters are in place',
  read: async (host) => {
    const listed = await host.run(['nft', 'list', 'tables']);
    const tables = listed?.stdout.split('\n').map((line) => line.replace(/^table /, '').trim());
    return { isNeeded: await hasContainersOrNetworks(host), tables };
  },
  judge: ({ isNeeded, tables }) => {
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
    if (missing.length === 0) return [];
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

export const filtersChecks: readonly Check[] = [filtersCheck];

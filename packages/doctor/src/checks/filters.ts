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
  title: 'containers are filtered as they ask',
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
          found: 'the program nft is not on this host',
          why: 'containers are not kept from sending with the addresses of others, and one with routed.ingress cannot be started',
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
        why: 'somebody took it away ("nft flush ruleset", a restart of nftables.service): allow lists and anti-spoofing do not hold, everybody may enter',
        remedy: 'start routed-plugin, which loads it at once; if it runs, its log says why it cannot',
      },
    ];
  },
});

export const filtersChecks: readonly Check[] = [filtersCheck];

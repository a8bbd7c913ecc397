import { linkNames } from '@routed/datapath';
import type { DaemonReport } from '@routed/driver';
import { OPEN_WHEN_AWAY_SET } from '@routed/netfilter';
import { type Check, defineCheck, type Finding } from '../check.ts';
import type { HostView } from '../host-view.ts';

/** Later losses are over: metrics count them. */
const RECENT_MS = 600_000;

type Filtering = DaemonReport['filtering'];

interface NamesFacts {
  readonly isAnswered: boolean;
  /** Undefined when the daemon does not answer, or is an older one. */
  readonly filtering: Filtering | undefined;
  /** Containers, or links where Docker says nothing, that may go everywhere while the daemon is away. */
  readonly openWhenAway: readonly string[];
}

export const namesCheck = defineCheck<NamesFacts>({
  id: 'egress-names',
  title: 'names in lists of destinations are followed',
  read: async (host) => {
    const report = await host.daemon();
    return { isAnswered: report !== undefined, filtering: report?.filtering, openWhenAway: await readOpen(host) };
  },
  judge: ({ isAnswered, filtering, openWhenAway }) => [
    ...openFindings(openWhenAway, isAnswered),
    ...(filtering === undefined ? [] : [...queueFindings(filtering), ...logFindings(filtering)]),
  ],
});

/** The kernel says it, whether or not the daemon is there. */
async function readOpen(host: HostView): Promise<string[]> {
  const listed = await host.run(['nft', 'list', 'set', 'inet', 'routed', OPEN_WHEN_AWAY_SET]);
  const links = Array.from((listed?.stdout ?? '').matchAll(/"([^"]+)"/g), ([, link = '']) => link);
  if (links.length === 0) return [];
  const containers = (await host.engine())?.containers ?? [];
  const names = new Map(
    containers.flatMap(({ name, networks }) =>
      networks.map(({ endpointId }) => [linkNames(endpointId).host, name] as const),
    ),
  );
  return [...new Set(links.map((link) => names.get(link) ?? link))].sort();
}

function openFindings(open: readonly string[], isAnswered: boolean): Finding[] {
  if (open.length === 0) return [];
  const shown = open.length > 3 ? `${open.slice(0, 3).join(', ')} …` : open.join(', ');
  const why = 'they have routed.egress-when-away=open: whoever stops the plugin opens them';
  const remedy = 'if that is not meant, create their networks, or them, with routed.egress-when-away=closed';
  return isAnswered
    ? [
        {
          severity: 'note',
          found: `${open.length} containers may go everywhere while routed-plugin does not run: ${shown}`,
          why,
          remedy,
        },
      ]
    : [
        {
          severity: 'warning',
          found: `${open.length} containers may go everywhere now: ${shown}`,
          why,
          remedy: `start routed-plugin; ${remedy}`,
        },
      ];
}

function queueFindings({ names }: NonNullable<Filtering>): Finding[] {
  if (names === undefined) return [];
  const why = 'what containers ask in DNS is not read: names time out, or are refused';
  if (names.queue === undefined && names.links > 0) {
    return [
      {
        severity: 'broken',
        found: `nobody reads the DNS of ${names.links} endpoints with names in their lists`,
        why,
        remedy:
          'end the program that took the queue (/proc/net/netfilter/nfnetlink_queue), and see the log of routed-plugin',
      },
    ];
  }
  if (names.lastLossMsAgo === undefined || names.lastLossMsAgo > RECENT_MS) return [];
  return [
    {
      severity: 'warning',
      found: `DNS packets of containers were lost: ${names.lost} since routed-plugin started, the last ${Math.round(names.lastLossMsAgo / 1000)} s ago`,
      why,
      remedy:
        'find the container that floods its name server, and limit it (routed.rate-out); or give the host more processors',
    },
  ];
}

function logFindings({ isLogging }: NonNullable<Filtering>): Finding[] {
  if (isLogging !== false) return [];
  return [
    {
      severity: 'note',
      found: 'refused packets are counted, and not shown',
      why: 'nftables of this kernel cannot log to programs (log group): "routed-plugin refused" stays empty',
      remedy: 'load nfnetlink_log, then restart routed-plugin',
    },
  ];
}

export const namesChecks: readonly Check[] = [namesCheck];

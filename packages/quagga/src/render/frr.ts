import type { RouterInterface, RouterModel } from '../model/router.ts';
import { lookUp, sortedEntries } from '../validation/finding.ts';
import { type ConfigBlock, writeIntegrated } from '../text/block.ts';
import { rawBlocks } from '../text/raw.ts';
import { bgpBlocks } from './bgp.ts';
import { communityBlock } from './communities.ts';
import { daemonsOf, identityLines, importLines, logLines } from './common.ts';
import { discardBlock } from './discard.ts';
import { asPathBlock, compact, prefixListBlock, routeMapBlocks, setting } from './filters.ts';
import { keyChainBlocks, ospf6InterfaceLines, ospfInterfaceLines } from './ospf-interface.ts';
import { ospf6Blocks, ospfBlocks } from './ospf.ts';
import { policiesOf } from './policy.ts';
import { WITHOUT_NEXTHOP_GROUPS } from './nexthop-groups.ts';
import { DAEMONS, type DaemonName, FILE_MODE, type RenderedConfig } from './config.ts';

/** A burst of 10,000 routes overflows FRR's default buffer, and zebra then loses routes without a word. */
const NETLINK_BUFFER_BYTES = 90_000_000;

/**
 * A busy machine must not look like a dead one: with timers of 50 ms and the priority of the other daemons BFD lost
 * sessions at load 20. Where the right to it is missing, `nice` says so and starts the daemon all the same.
 */
const FIRST_IN_LINE = 'bfdd_wrap="/usr/bin/nice -n -20"';

/**
 * BGP unnumbered finds its neighbors by router advertisements, which by themselves would also make this router the
 * IPv6 default route of whoever hears them and does not forward IPv6. Source: RFC 4861, 4.2.
 */
const NO_DEFAULT_ROUTER = 'ipv6 nd ra-lifetime 0';

function interfaceBlocks(model: RouterModel): ConfigBlock[] {
  const unnumbered = new Set((model.bgp?.neighbors ?? []).flatMap((neighbor) => neighbor.interface ?? []));
  const bare = [...unnumbered].filter((name) => lookUp(model.interfaces, name) === undefined);
  const interfaces = { ...model.interfaces, ...Object.fromEntries(bare.map((name) => [name, {}])) };
  return sortedEntries<RouterInterface>(interfaces).map(([name, { description, ospf, ospf6 }]) => ({
    header: `interface ${name}`,
    lines: compact([
      setting('description', description),
      ...(ospf === undefined ? [] : ospfInterfaceLines(model, name, ospf, 'frr')),
      ...(ospf6 === undefined ? [] : ospf6InterfaceLines(ospf6, 'frr')),
      unnumbered.has(name) && NO_DEFAULT_ROUTER,
    ]),
  }));
}

function bfdBlocks(model: RouterModel): ConfigBlock[] {
  const profiles = sortedEntries(model.bfd?.profiles);
  if (profiles.length === 0) return [];
  const blocks = profiles.map(([name, profile]) => ({
    header: `profile ${name}`,
    lines: compact([
      setting('detect-multiplier', profile.detectMultiplier, 3),
      setting('transmit-interval', profile.transmitIntervalMs, 300),
      setting('receive-interval', profile.receiveIntervalMs, 300),
      profile.passive === true && 'passive-mode',
    ]),
  }));
  return [{ header: 'bfd', lines: [], blocks }];
}

/** Definitions come before their uses; otherwise the daemons complain about a route map that does not exist. */
function frrBlocks(model: RouterModel): ConfigBlock[] {
  const policies = policiesOf(model);
  const { routeMaps, prefixLists } = policies;
  return [
    {
      lines: [
        `frr defaults ${model.profile ?? 'traditional'}`,
        ...identityLines(model),
        ...logLines(model),
        ...compact([
          model.zebra?.nexthopGroups === false && WITHOUT_NEXTHOP_GROUPS,
          setting('zebra work-queue', model.zebra?.workQueueMs, 10),
        ]),
      ],
    },
    ...prefixLists.map(prefixListBlock),
    asPathBlock(routeMaps, 'frr'),
    communityBlock(routeMaps),
    ...routeMaps.flatMap(routeMapBlocks),
    { lines: importLines(model) },
    discardBlock(model),
    ...keyChainBlocks(model),
    ...interfaceBlocks(model).filter(({ lines }) => lines.length > 0),
    ...ospfBlocks(model, policies, 'frr'),
    ...ospf6Blocks(model, policies, 'frr'),
    ...bgpBlocks(model, policies, 'frr'),
    ...bfdBlocks(model),
    ...rawBlocks(DAEMONS.flatMap((daemon) => model.raw?.[daemon] ?? []).join('\nexit\nexit\n')),
  ];
}

/** The file that tells FRR's start script which daemons to start, and with which options. */
function daemonsFile(model: RouterModel, daemons: readonly DaemonName[]): string {
  const buffer = model.zebra?.netlinkBufferBytes ?? NETLINK_BUFFER_BYTES;
  const runs = (daemon: DaemonName): string => `${daemon}=${daemons.includes(daemon) ? 'yes' : 'no'}`;
  const lines = [
    ...(['ospfd', 'ospf6d', 'bgpd', 'bfdd'] as const).map(runs),
    'vtysh_enable=yes',
    `zebra_options="-A 127.0.0.1 -s ${buffer}"`,
    'ospfd_options="-A 127.0.0.1"',
    'ospf6d_options="-A ::1"',
    'bgpd_options="-A 127.0.0.1"',
    'bfdd_options="-A 127.0.0.1"',
    ...compact([daemons.includes('bfdd') && FIRST_IN_LINE]),
  ];
  return `${lines.join('\n')}\n`;
}

export function renderFrr(model: RouterModel): RenderedConfig {
  const daemons = daemonsOf(model);
  const files = [
    { name: 'frr.conf', text: writeIntegrated(frrBlocks(model)), mode: FILE_MODE },
    { name: 'daemons', text: daemonsFile(model, daemons), mode: FILE_MODE },
  ];
  return { dialect: 'frr', files, daemons };
}

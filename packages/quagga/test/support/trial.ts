import type { Effect } from '../../src/plan/effects.ts';
import type { Fields } from '../../src/preset/merge.ts';

/** One kind of change of a running router. */
export interface Trial {
  readonly what: string;
  /** What the plan says of it. */
  readonly effect: Effect;
  readonly to: Fields;
  /** What the document says before, beside the base. */
  readonly from?: Fields;
  /** What both documents say, beside the base, when the routers start: they are new ones. */
  readonly both?: Fields;
  /** What the neighbor's document says before, where that is not the same. */
  readonly neighbor?: Fields;
  /** Lines of the operator's that are there before. */
  readonly foreign?: string;
  /** FRR 8.4 cannot do it. */
  readonly isNew?: true;
  readonly takeOver?: true;
  /** Also tried where not everything is. */
  readonly isQuick?: true;
}

export const CONTAINERS = ['10.112.0.0/12', 'fd00:112::/48'];
const EVERYTHING = [
  { prefix: '10.0.0.0/8', le: 32 },
  { prefix: 'fd00::/8', le: 128 },
];

/** Both protocols alike: what is announced, what is taken, and the lines around. */
export function policies(withPolicy: Effect): Trial[] {
  return [
    { what: 'wider container prefixes', effect: 'hitless', to: { containers: ['10.0.0.0/8', 'fd00::/16'] } },
    {
      what: 'a part of the container prefixes that nobody uses goes',
      effect: 'hitless',
      to: { containers: ['10.112.192.0/18', 'fd00:112::/64'] },
      isQuick: true,
    },
    {
      what: 'the container prefixes in two parts',
      effect: 'hitless',
      to: { containers: ['10.112.0.0/13', '10.120.0.0/13', ...CONTAINERS.slice(1)] },
    },
    {
      what: 'a part of the container prefixes that somebody uses goes',
      effect: 'flaps',
      to: { containers: ['10.112.100.0/24', 'fd00:112::/48'] },
    },
    { what: 'IPv6 is announced no more', effect: 'flaps', to: { containers: ['10.112.0.0/12'] } },
    { what: 'the hosts’ own addresses, too', effect: 'hitless', to: { loopbacks: ['10.200.0.0/24'] }, isQuick: true },
    { what: 'export.metric', effect: 'hitless', to: { export: { metric: 77 } } },
    { what: 'export.metric goes', effect: withPolicy, from: { export: { metric: 77 } }, to: {} },
    { what: 'export.tag', effect: 'hitless', to: { export: { tag: 7 } } },
    { what: 'export.unfiltered', effect: 'hitless', to: { export: { unfiltered: true } } },
    { what: 'export.unfiltered goes', effect: 'hitless', from: { export: { unfiltered: true } }, to: {} },
    { what: 'export.source', effect: 'flaps', to: { export: { source: 'connected' } } },
    {
      what: 'export of pools',
      effect: 'flaps',
      to: { export: { ipv4Lengths: { ge: 16, le: 31 }, ipv6Lengths: { ge: 64, le: 127 } } },
    },
    {
      what: 'an import filter that lets in everything known',
      effect: 'hitless',
      to: { import: { permit: EVERYTHING } },
    },
    {
      what: 'an import filter that keeps a known route out',
      effect: 'flaps',
      to: { import: { permit: [{ prefix: '10.113.0.0/16', le: 32 }, EVERYTHING[1]] } },
    },
    { what: 'the import filter goes', effect: 'hitless', from: { import: { permit: EVERYTHING } }, to: {} },
    { what: 'a description of a link', effect: 'hitless', to: { interfaces: { eth1: { description: 'up' } } } },
    {
      what: 'log, hostname and logins',
      effect: 'hitless',
      to: { hostname: 'r1', log: { to: 'syslog', level: 'errors' }, vty: { password: 'secret' } },
    },
    { what: 'zebra’s work queue', effect: 'hitless', to: { zebra: { workQueueMs: 5 } } },
    { what: 'the router id', effect: 'restart', to: { routerId: '10.0.0.99' } },
    {
      what: 'a prefix list that nobody uses',
      effect: 'hitless',
      to: {
        prefixLists: { OWN: { family: 'ipv4', entries: [{ action: 'permit', prefix: '10.112.0.0/12', le: 32 }] } },
      },
    },
  ];
}

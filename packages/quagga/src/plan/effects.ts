import { DISCARD_ROUTE } from '../render/discard.ts';

/**
 * What a change does to the routes of running containers, from harmless to grave. `unknown` is every line that no rule
 * below names, and a policy of which nobody has looked at the routes: nothing is hitless by default.
 */
export type Effect = 'hitless' | 'flaps' | 'unknown' | 'restart';

export interface Prediction {
  readonly effect: Effect;
  readonly reason: string;
  /** The effect depends on the routes that there are; see `judgePolicies`. */
  readonly isPolicy?: true;
}

interface Rule extends Prediction {
  /** Tested against `header line`: the first header of the context, then the line. */
  readonly pattern: RegExp;
}

const ON_INTERFACE = 'the neighbors on this interface restart';
const NEXT_SESSION = 'takes effect with the next session';
const UNSEEN = 'no neighbor sees it';
const OTHER_PATH = 'routes stay; traffic may take another path';

const RULES: readonly Rule[] = [
  {
    pattern: DISCARD_ROUTE,
    effect: 'flaps',
    reason: 'decides whether packets to addresses without a route of their own are dropped',
  },
  { pattern: /^frr defaults /, effect: 'restart', reason: 'the profile is read at start only' },
  { pattern: /router-id /, effect: 'restart', reason: 'announcements under the old router id stay for up to an hour' },
  {
    pattern: /^(password|enable password|hostname|log syslog|line vty|zebra work-queue|no zebra work-queue)\b/,
    effect: 'hitless',
    reason: UNSEEN,
  },
  {
    // Measured on FRR 8.4: a route that has lost a way before stays in its group, and gets it back at no change of a link.
    pattern: /^no zebra nexthop kernel enable$/,
    effect: 'restart',
    reason: 'routes that are there keep their groups of next hops',
  },
  {
    pattern: /^route-map \S+ \S+ \d+ (set (large-|ext)?community|call|on-match|continue)/,
    effect: 'unknown',
    reason: 'its effect depends on neighbors or another route map',
  },
  {
    pattern:
      /(^(ip|ipv6) prefix-list |^bgp as-path |^bgp (large-)?community-list |^route-map |^(ip|ipv6) protocol \S+ route-map |^router \S+( \d+)? redistribute )/,
    effect: 'unknown',
    reason: 'the affected routes were not evaluated',
    isPolicy: true,
  },
  {
    pattern:
      /^(router bgp \d+ (aggregate-address|neighbor \S+ (route-map|prefix-list|filter-list)) |router ospf6? summary-address )/,
    effect: 'unknown',
    reason: 'the affected routes were not evaluated',
    isPolicy: true,
  },
  {
    pattern: /^interface \S+ (no )?ip ospf (area|network|passive|authentication|message-digest-key|hello|dead|mtu)/,
    effect: 'flaps',
    reason: ON_INTERFACE,
  },
  { pattern: /^key chain /, effect: 'flaps', reason: 'neighbors that do not have this key are lost' },
  {
    pattern: /^interface \S+ (no )?ipv6 ospf6 (area|network|passive|authentication|hello|dead|mtu|instance)/,
    effect: 'flaps',
    reason: ON_INTERFACE,
  },
  {
    pattern: /^interface \S+ (ip ospf|ipv6 ospf6) (cost|priority) /,
    effect: 'hitless',
    reason: OTHER_PATH,
  },
  {
    pattern:
      /^interface \S+ (description |(ip ospf|ipv6 ospf6) (bfd|retransmit-interval|transmit-delay)|ipv6 nd ra-lifetime )/,
    effect: 'hitless',
    reason: UNSEEN,
  },
  {
    pattern: /^router ospf6? (no )?(network|passive-interface|area \S+ (stub|nssa|authentication))/,
    effect: 'flaps',
    reason: 'neighbors restart',
  },
  {
    pattern: /^router (ospf6?|bgp \d+) (maximum-paths|bgp bestpath as-path multipath-relax)/,
    effect: 'flaps',
    reason: 'multipath routes are installed again',
  },
  {
    pattern: /^router ospf6? (default-information|stub-router|area \S+ range)/,
    effect: 'flaps',
    reason: 'routes that neighbors accept from here change',
  },
  {
    pattern:
      /^router ospf6? ((no )?log-adjacency-changes|timers (throttle|lsa)|graceful-restart|aggregation timer|max-metric router-lsa on-)/,
    effect: 'hitless',
    reason: UNSEEN,
  },
  {
    pattern: /^router (ospf6? auto-cost |ospf max-metric router-lsa administrative|bgp \d+ bgp always-compare-med)/,
    effect: 'hitless',
    reason: OTHER_PATH,
  },
  {
    pattern: /^router bgp \d+ neighbor \S+ maximum-prefix \d+ (\d+ )?warning-only$/,
    effect: 'hitless',
    reason: 'the limit warns and ends no session',
  },
  {
    pattern:
      /^router bgp \d+ neighbor \S+ (peer-group|remote-as|interface|password|passive|shutdown|ebgp-multihop|ttl-security|update-source|capability|activate|maximum-prefix|route-reflector-client|next-hop-self|soft-reconfiguration|allowas-in|addpath-tx-all-paths)/,
    effect: 'flaps',
    reason: 'the session with this neighbor restarts',
  },
  {
    // Measured: with BFD at one end only, a session that ends stays Idle on 10.3, and comes back on 8.4 and 10.7.
    pattern: /^router bgp \d+ neighbor \S+ bfd$/,
    effect: 'hitless',
    reason: `${NEXT_SESSION}, which FRR 10.3 starts only with BFD at both ends`,
  },
  { pattern: /^router bgp \d+ neighbor \S+ (bfd|timers)/, effect: 'hitless', reason: NEXT_SESSION },
  {
    pattern: /^router bgp \d+ neighbor \S+ (description|advertisement-interval) /,
    effect: 'hitless',
    reason: UNSEEN,
  },
  { pattern: /^router bgp \d+ timers bgp/, effect: 'hitless', reason: NEXT_SESSION },
  {
    // FRR 8.4 waits for the next session; 10.7 lost 237 of 704 packets.
    pattern: /^router bgp \d+ bgp graceful-restart/,
    effect: 'flaps',
    reason: 'later releases of FRR restart the sessions',
  },
  {
    // A new preference replaces the old one: nothing is withdrawn (test/kernel/drain.spec.ts).
    pattern: /^router bgp \d+ bgp graceful-shutdown/,
    effect: 'hitless',
    reason: OTHER_PATH,
  },
  {
    pattern: /^router bgp \d+ (bgp listen range|bgp cluster-id|no bgp default)/,
    effect: 'flaps',
    reason: 'sessions restart',
  },
  {
    pattern: /^router bgp \d+ ((no )?bgp log-neighbor-changes|coalesce-time|bgp listen limit)/,
    effect: 'hitless',
    reason: UNSEEN,
  },
  {
    pattern: /^bfd (profile |detect-multiplier |transmit-interval |receive-interval )/,
    effect: 'hitless',
    reason: 'both ends agree on new intervals while the session stays',
  },
  { pattern: /^bfd passive-mode/, effect: 'flaps', reason: 'the session restarts' },
];

/** Losing one of these lines loses what it set up, whatever a change of its value would do. */
const REMOVAL_RULES: readonly Rule[] = [
  {
    // Measured: 93 of 369 packets, when bgpd of FRR 8.4 lost the line on one side.
    pattern: /^(interface \S+ (ip ospf|ipv6 ospf6)|router bgp \d+ neighbor \S+) bfd$/,
    effect: 'flaps',
    reason: 'the neighbor takes the end of the BFD session for a failure',
  },
  {
    pattern: /^router (ospf6?|bgp \d+) redistribute /,
    effect: 'flaps',
    reason: 'every announced route of this source is withdrawn',
  },
];

const UNKNOWN: Prediction = { effect: 'unknown', reason: 'this tool does not know the effect of this line' };

/** The effect of setting, replacing or removing a line. */
export function effectOf(header: string, line: string, isRemoval: boolean): Prediction {
  const text = `${header} ${line}`.trimStart();
  const rules = isRemoval ? [...REMOVAL_RULES, ...RULES] : RULES;
  const rule = rules.find(({ pattern }) => pattern.test(text));
  if (rule === undefined) return UNKNOWN;
  const { effect, reason, isPolicy } = rule;
  return { effect, reason, ...(isPolicy === undefined ? {} : { isPolicy }) };
}

const GRAVITY: Readonly<Record<Effect, number>> = { hitless: 0, flaps: 1, unknown: 2, restart: 3 };

/** The graver of two effects. */
export function graver(a: Effect, b: Effect): Effect {
  return GRAVITY[a] >= GRAVITY[b] ? a : b;
}

/** What a change does to the routes of running containers. */
export type Effect = 'hitless' | 'flaps' | 'restart';

interface Rule {
  /** Tested against `header line`: the first header of the context, then the line. */
  readonly pattern: RegExp;
  readonly effect: Effect;
  readonly reason: string;
}

const RULES: readonly Rule[] = [
  { pattern: /^ ?frr defaults /, effect: 'restart', reason: 'the profile is read at start only' },
  { pattern: /router-id /, effect: 'restart', reason: 'announcements under the old router id stay for up to an hour' },
  {
    pattern: /^interface \S+ (no )?ip ospf (area|network|passive|authentication|message-digest-key|hello|dead|mtu)/,
    effect: 'flaps',
    reason: 'the neighbors on this interface are lost and found again',
  },
  {
    pattern: /^interface \S+ (no )?ipv6 ospf6 (area|network|passive|authentication|hello|dead|mtu|instance)/,
    effect: 'flaps',
    reason: 'the neighbors on this interface are lost and found again',
  },
  {
    pattern: /^router ospf6? (no )?(network|passive-interface|area \S+ (stub|nssa|authentication))/,
    effect: 'flaps',
    reason: 'neighbors are lost and found again',
  },
  {
    pattern:
      /^router bgp \d+ neighbor \S+ (peer-group|remote-as|interface|password|passive|shutdown|ebgp-multihop|ttl-security|update-source|capability|activate|maximum-prefix)/,
    effect: 'flaps',
    reason: 'the session with this neighbor is made anew',
  },
  {
    pattern: /^router bgp \d+ neighbor \S+ (bfd|timers)/,
    effect: 'hitless',
    reason: 'takes effect with the next session',
  },
  { pattern: /^router bgp \d+ bgp graceful-restart/, effect: 'hitless', reason: 'takes effect with the next session' },
  { pattern: /^router bgp \d+ (bgp listen range|no bgp default)/, effect: 'flaps', reason: 'sessions are made anew' },
  {
    pattern: /prefix-list |route-map |redistribute /,
    effect: 'hitless',
    reason: 'routes that both policies name stay announced',
  },
];

/** Losing one of these lines loses what it set up, whatever a change of its value would do. */
const REMOVAL_RULES: readonly Rule[] = [
  { pattern: /^router bgp \d+ redistribute /, effect: 'flaps', reason: 'every announced container route is withdrawn' },
  { pattern: /^router ospf6? redistribute /, effect: 'flaps', reason: 'every announced container route is withdrawn' },
];

/** The effect of setting, replacing or removing a line. */
export function effectOf(header: string, line: string, isRemoval: boolean): { effect: Effect; reason: string } {
  const text = `${header} ${line}`.trimStart();
  const rule =
    (isRemoval ? REMOVAL_RULES : []).find(({ pattern }) => pattern.test(text)) ??
    RULES.find(({ pattern }) => pattern.test(text));
  return { effect: rule?.effect ?? 'hitless', reason: rule?.reason ?? 'nothing that a neighbor sees' };
}

/**
 * Lines that replace each other: setting one takes the place of another line with the same slot. Removing the old
 * line first would withdraw what the new one keeps: `no redistribute kernel` takes back every container route.
 */
const SLOTS = [
  /^redistribute \w+/,
  /^(ip|ipv6) prefix-list \S+ (seq \d+|description)/,
  /^bgp as-path access-list \S+ seq \d+/,
  /^bgp (large-)?community-list standard \S+ seq \d+/,
  /^(ip|ipv6) protocol \w+ route-map/,
  /^(log syslog|hostname|password|enable password|zebra work-queue|frr defaults)/,
  /^description/,
  /^ip ospf (area|cost|dead-interval|hello-interval|network|priority|retransmit-interval|transmit-delay|authentication-key|bfd profile)/,
  /^ip ospf authentication(?=$| null| message-digest| key-chain)/,
  /^ipv6 ospf6 (area|authentication|cost|dead-interval|hello-interval|network|priority|retransmit-interval|transmit-delay|instance-id|bfd profile)/,
  /^ipv6 nd ra-lifetime/,
  /^((ospf|ospf6|bgp) router-id|bgp cluster-id)/,
  /^(auto-cost|timers throttle spf|timers throttle lsa all|timers lsa min-arrival|aggregation timer|default-information originate|graceful-restart grace-period)/,
  /^(no )?log-adjacency-changes/,
  /^max-metric router-lsa on-\w+/,
  /^(cryptographic-algorithm|key-string|accept-lifetime|send-lifetime)/,
  /^maximum-paths ibgp/,
  /^maximum-paths/,
  /^area \S+ (authentication|range \S+)/,
  /^summary-address \S+/,
  /^(coalesce-time|timers bgp|bgp listen limit|bgp graceful-restart restart-time|bgp graceful-restart stalepath-time)/,
  /^area \S+ (stub|nssa)/,
  /^neighbor \S+ timers connect/,
  /^neighbor \S+ (remote-as|description|password|ebgp-multihop|ttl-security|update-source|advertisement-interval|timers|bfd profile|maximum-prefix|allowas-in)/,
  /^neighbor \S+ (route-map|prefix-list|filter-list) (?=\S+ in$)/,
  /^neighbor \S+ (route-map|prefix-list|filter-list) (?=\S+ out$)/,
  /^(detect-multiplier|transmit-interval|receive-interval)/,
  /^match (as-path|ip address|ipv6 address|tag|metric|community|large-community)/,
  /^set (metric|tag|local-preference|community|large-community|extcommunity bandwidth|as-path prepend)/,
];

/** What a line is the value of; the line itself when it stands for nothing but itself. */
export function slotOf(line: string): string {
  for (const [index, pattern] of SLOTS.entries()) {
    const match = pattern.exec(line);
    if (match !== null) return `${index}:${match[0]}`;
  }
  return line;
}

/** Removals that need less, or something else, than `no` before the line. */
const REMOVALS: readonly (readonly [RegExp, string])[] = [
  [/^no (.*)$/, '$1'],
  [/^(redistribute \w+).*/, 'no $1'],
  [/^(ip ospf message-digest-key \d+) .*/, 'no $1'],
  [/^(ip ospf authentication-key) .*/, 'no $1'],
  [/^(ip ospf authentication) .*/, 'no $1'],
  [/^(ip ospf dead-interval) .*/, 'no $1'],
  [/^((?:accept|send)-lifetime) .*/, 'no $1'],
  [
    /^(neighbor \S+ (?:password|description|maximum-prefix|timers connect|timers|advertisement-interval|ebgp-multihop|update-source)) .*/,
    'no $1',
  ],
  [/^(neighbor \S+ interface) .*/, 'no $1'],
  [/^(neighbor \S+) remote-as .*/, 'no $1'],
  [/^((?:enable )?password|description|log-adjacency-changes) .*/, 'no $1'],
  [/^(area \S+ (?:stub|nssa)|summary-address \S+) .*/, 'no $1'],
  [/^(maximum-paths(?: ibgp)?|aggregation timer|coalesce-time|timers bgp|bgp listen limit) .*/, 'no $1'],
  // `no exec-timeout` is `exec-timeout 0 0`. Source: FRR lib/vty.c, no_exec_timeout and VTY_TIMEOUT_DEFAULT.
  [/^exec-timeout .*/, 'exec-timeout 10 0'],
  [/^(default-information originate|graceful-restart(?= grace-period)) .*/, 'no $1'],
  [/^((?:ip|ipv6) prefix-list \S+ description) .*/, 'no $1'],
];

/** The command that takes a line back. */
export function removalOf(line: string): string {
  const special = REMOVALS.find(([pattern]) => pattern.test(line));
  return special === undefined ? `no ${line}` : line.replace(special[0], special[1]);
}

/** Values that the daemon changes only by losing the old one first. */
const NOT_OVERWRITTEN = /^(ip ospf area|ipv6 ospf6 area|area \S+ (stub|nssa)) /;

/** True when `after` cannot take the place of `before` by being set. */
export function mustRemoveFirst(daemon: string, before: string, after: string): boolean {
  if (NOT_OVERWRITTEN.test(`${after} `)) return true;
  return (
    daemon === 'bgpd' &&
    before.startsWith('redistribute ') &&
    before.includes(' metric ') &&
    !after.includes(' metric ')
  );
}

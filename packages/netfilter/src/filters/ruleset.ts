import { addressBits, type Family, formatAddress } from '@routed/addresses';
import { type Direction, PROTOCOLS } from '../allow-list/allow-list.ts';
import { blockLengths } from '../allow-list/blocks.ts';
import {
  ARP_SETS,
  ATTENDED_SET,
  GATEWAY_SETS,
  inetSets,
  LIST_SETS,
  NAME_SETS,
  OWN_SETS,
  peerSet,
  PORT_BLOCK_MARKS,
  SENDER_SETS,
  timedSets,
  UNTRACKED_SETS,
} from './layout.ts';

/** Names in the rules. */
export interface RulesetOptions {
  readonly table: string;
  readonly linkPrefix: string;
  /** The log group that refused packets are written to, some of each link: see {@link RefusalPrefix}. Absent: none are. */
  readonly logGroup?: number;
}

/** What a log group reads of a packet: refused by a list, or sent from an address that the container does not have. */
export type RefusalPrefix = `routed ${Direction | 'sender'}`;
/**
 * Where goes what containers with names in their lists ask in DNS, and the answers to that: to a queue, or to what looks for a mark,
 * where nftables has no queues.
 */
export type DnsTarget = { readonly queue: number } | { readonly mark: number };

/** What filters need of the rules. */
export interface RulesetNeeds {
  readonly dns?: DnsTarget | undefined;
  readonly ranged: ReadonlySet<Direction>;
  readonly isUntracked?: boolean;
}

const PORT_BITS = 16;
/** Blocks of ports, and what they have in place of a protocol. */
const BLOCKS = [...PORT_BLOCK_MARKS].filter(([length]) => length < PORT_BITS);
/** After connection tracking, and before what iptables does with marks. */
const BEFORE_MANGLE = 'mangle - 5';
/** After the check of senders, and before connection tracking. */
const AFTER_RAW = 'raw + 1';
/** Before Docker's and firewalld's rules, so that refusals are answered before a policy drops silently. */

const PRIORITY = { ingress: 'filter - 10', egress: 'filter - 11' } as const;
/** The end of a packet that the container with the list has, and that its peer has. */
const ENDS = {
  ingress: { link: 'oifname', peer: 'saddr' },
  egress: { link: 'iifname', peer: 'daddr' },
} as const;
/** Chains of each direction. */
const CHAINS = {
  ingress: { peers: 'entry', services: 'services', ranges: 'ranges', refuse: 'refuse' },
  egress: { peers: 'exit', services: 'targets', ranges: 'target_ranges', refuse: 'refuse_exit' },
} as const;
/** Answers, and ICMP errors about connections: path MTU discovery among them. */
const OF_CONNECTIONS = 'ct state established,related accept';
/**
 * Requests that enter their sender into the host's table of neighbours: 10 a second for each link, 50 at once. A container has
 * one neighbour, its gateway, and asks for it once in some 30 s. Source: linux Documentation/networking/ip-sysctl.rst,
 * base_reachable_time.
 */
const SOLICITORS = 'solicitors';
const TOO_MANY = `update @${SOLICITORS} { iifname limit rate over 10/second burst 50 packets } drop`;
/** Packets that are logged: of each link 20 at once, then 10 a second, so that a flood costs the log nothing. */
const LOG_LIMIT = 'limit rate 10/second burst 20 packets';
const ATTENDED = '{ typeof meta nfproto; flags timeout; }';
const LOGGED_SETS = { ingress: 'logged', egress: 'egress_logged', sender: 'sender_logged' } as const;
/** Neighbour discovery, and what path MTU discovery lives on. Source: RFC 4890, RFC 1191. */
const NEEDED_ICMPV6 =
  '{ packet-too-big, mld-listener-query, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect }';
/**
 * What a container tells its next hop, which is the host. Never to be forwarded: what calls itself so might carry anything anywhere.
 * Source: RFC 4890, section 4.4.1.
 */
const TO_NEXT_HOP =
  '{ nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, mld-listener-done, mld2-listener-report }';

/**
 * The static part of the filters as input for `nft -f -`, one transaction. Pure.
 *
 * Elements of the sets stay: the filters of endpoints are in force meanwhile.
 *
 * @param needs.dns absent: nobody reads DNS
 * @param needs.ranged the directions in which a list has ranges of ports: the rules for these are half of all
 * @param needs.isUntracked whether packets of any link are not tracked: only then others are looked at
 */
export function rulesetScript(
  { table, linkPrefix, logGroup }: RulesetOptions,
  { dns, ranged, isUntracked }: RulesetNeeds,
): string {
  const lists = listChains(logGroup, ranged);
  const dnsRules = dns === undefined ? {} : dnsChains(dns);
  const chains = {
    inet: {
      ...lists,
      ...senderChains(linkPrefix, logGroup),
      ...dnsRules,
      ...(isUntracked === true && untrackedChains()),
    },
    arp: arpChains(linkPrefix),
  };
  const sets = { inet: new Map([...inetSets(), ...timedSets(), [ATTENDED_SET, ATTENDED]]), arp: ARP_SETS };
  const dynamic = { inet: [SOLICITORS, ...Object.values(LOGGED_SETS)], arp: [SOLICITORS] };
  const families = ['inet', 'arp'] as const;
  return [
    // Everything that rules refer to first, then the chains anew.
    ...families.map((family) =>
      [
        `table ${family} ${table} {`,
        ...Array.from(sets[family], ([set, definition]) => `set ${set} ${definition}`),
        ...dynamic[family].map((set) => `set ${set} { type ifname; size 65535; flags dynamic,timeout; timeout 1m; }`),
        ...Object.entries(chains[family]).map(([chain, { hook }]) => `chain ${chain} { ${hook ?? ''} }`),
        '}',
      ].join('\n'),
    ),
    ...families.flatMap((family) =>
      Object.entries(chains[family]).flatMap(([chain, { rules }]) => [
        `flush chain ${family} ${table} ${chain}`,
        ...rules.map((rule) => `add rule ${family} ${table} ${chain} ${rule}`),
      ]),
    ),
    '',
  ].join('\n');
}

/** Others' numbers may be those that stand for blocks of ports. */
function withoutPorts(then: string): string {
  return `meta l4proto != { ${Object.values(PROTOCOLS).join(', ')} } ${then}`;
}

interface Chain {
  readonly hook?: string;
  readonly rules: readonly string[];
}

function baseChain(hook: string, priority: string, rules: readonly string[]): Chain {
  return { hook: `type filter hook ${hook} priority ${priority}; policy accept;`, rules };
}

/** Writes some of the packets to the log group, and lets all of them go on to the next rule. */
function logging(what: keyof typeof LOGGED_SETS, logGroup: number | undefined): string[] {
  if (logGroup === undefined) return [];
  const link = what === 'ingress' ? 'oifname' : 'iifname';
  const prefix: RefusalPrefix = `routed ${what}`;
  return [`update @${LOGGED_SETS[what]} { ${link} ${LOG_LIMIT} } log prefix "${prefix}" group ${logGroup}`];
}

/** Who may enter, and where containers may go. */
function listChains(logGroup: number | undefined, ranged: ReadonlySet<Direction>): Record<string, Chain> {
  const asked = (direction: Direction, chain: string = CHAINS[direction].peers): readonly string[] => [
    OF_CONNECTIONS,
    `${ENDS[direction].link} @${LIST_SETS[direction].filtered} goto ${chain}`,
  ];
  return {
    turn_away: { rules: ['meta l4proto tcp reject with tcp reset', 'reject with icmpx type admin-prohibited'] },
    ...refusal('ingress', logGroup),
    ...refusal('egress', logGroup),
    ...peerChains('ingress', ranged, [
      'icmp type destination-unreachable icmp code frag-needed accept',
      `icmpv6 type ${NEEDED_ICMPV6} accept`,
    ]),
    ...peerChains('egress', ranged, [
      `iifname @${NAME_SETS.links} jump names`,
      `iifname @${NAME_SETS.openWhenAway} meta nfproto != @${ATTENDED_SET} accept`,
    ]),
    ...nameChains(ranged.has('egress')),
    exit_to_host: {
      rules: [
        `icmpv6 type ${TO_NEXT_HOP} accept`,
        `icmp type echo-request iifname . ip daddr @${GATEWAY_SETS[4]} accept`,
        `icmpv6 type echo-request iifname . ip6 daddr @${GATEWAY_SETS[6]} accept`,
        `goto ${CHAINS.egress.peers}`,
      ],
    },
    to_container: baseChain('forward', PRIORITY.ingress, asked('ingress')),
    host_to_container: baseChain('output', PRIORITY.ingress, asked('ingress')),
    from_container_on: baseChain('forward', PRIORITY.egress, asked('egress')),
    from_container_to_host: baseChain('input', PRIORITY.egress, asked('egress', 'exit_to_host')),
  };
}

/** What addresses containers may send from. */
function senderChains(linkPrefix: string, logGroup: number | undefined): Record<string, Chain> {
  const { 4: own4, 6: own6, claims } = OWN_SETS;
  return {
    spoofed: { rules: [...logging('sender', logGroup), 'drop'] },
    foreign: { rules: [`iifname @${SENDER_SETS.strict} goto spoofed`, 'meta nfproto ipv6 goto solicited', 'accept'] },
    solicited: { rules: [`icmpv6 type { nd-neighbor-solicit, nd-router-solicit } ${TOO_MANY}`, 'accept'] },
    claim: { rules: [`iifname . @th,64,128 @${claims} return`, 'goto foreign'] },
    // Asks whether an address is free. A container may generate a link-local address as it likes, but not a gateway's.
    probe: {
      rules: [
        `iifname . @th,64,128 @${claims} accept`,
        // fe80::/112, then fe80::/10.
        '@th,64,112 0xfe80000000000000000000000000 goto foreign',
        '@th,64,10 0x3fa accept',
        'goto foreign',
      ],
    },
    // What a network stack says of itself before it has an address is no attempt to use another's.
    without_ipv6: { rules: [`ip6 saddr != :: iifname @${SENDER_SETS.strict} goto spoofed`, 'drop'] },
    sender6: {
      rules: [
        `iifname @${SENDER_SETS.ipv4Only} goto without_ipv6`,
        'icmpv6 type { nd-router-advert, nd-redirect } goto foreign',
        'icmpv6 type nd-neighbor-advert jump claim',
        `iifname . ip6 saddr @${own6} goto solicited`,
        // Without a source, requests enter nobody into a table: duplicate address detection. Source: RFC 4861, section 7.1.1.
        'ip6 saddr :: icmpv6 type nd-neighbor-solicit goto probe',
        'ip6 saddr :: icmpv6 type { nd-router-solicit, mld2-listener-report } accept',
        'goto foreign',
      ],
    },
    from_container: baseChain('prerouting', 'raw', [
      `iifname != "${linkPrefix}*" accept`,
      `iifname . ip saddr @${own4} accept`,
      'meta nfproto ipv6 goto sender6',
      'goto foreign',
    ]),
  };
}

/**
 * What is not tracked: between containers that want it so, and between them and other hosts. Both ways of a conversation are looked up
 * alike, so that no connection is tracked one way only. What the host itself, its bridges and containers with lists send and get stays
 * tracked: for them, the routing table says a link that is in none of the sets, or none at all.
 */
function untrackedChains(): Record<string, Chain> {
  const { from, to, uplinks, between } = UNTRACKED_SETS;
  return {
    untracked: baseChain('prerouting', AFTER_RAW, [
      `iifname @${from} fib daddr oifname @${between} notrack`,
      `iifname @${uplinks} fib daddr oifname @${to} notrack`,
    ]),
  };
}

/** Whether nftables of this host can leave packets untracked, as a script that is only checked, and changes nothing. Pure. */
export function untrackedTrial(table: string): string {
  const rules = untrackedChains()['untracked']?.rules ?? [];
  const sets = [...inetSets()].filter(([set]) => Object.values<string>(UNTRACKED_SETS).includes(set));
  return [
    `add table inet ${table}`,
    ...sets.map(([set, definition]) => `add set inet ${table} ${set} ${definition}`),
    `add chain inet ${table} c`,
    ...rules.map((rule) => `add rule inet ${table} c ${rule}`),
    `delete table inet ${table}`,
    '',
  ].join('\n');
}

/** The set counts; a link that is missing there is refused all the same. */
function refusal(direction: Direction, logGroup: number | undefined): Record<string, Chain> {
  const { refused, observed } = LIST_SETS[direction];
  const { link } = ENDS[direction];
  return {
    [CHAINS[direction].refuse]: {
      rules: [`${link} @${refused}`, ...logging(direction, logGroup), `${link} @${observed} accept`, 'goto turn_away'],
    },
  };
}

/** What a list of a direction decides, after rules that hold with every list. */
function peerChains(
  direction: Direction,
  ranged: ReadonlySet<Direction>,
  always: readonly string[],
): Record<string, Chain> {
  const { peers } = CHAINS[direction];
  const hasRanges = ranged.has(direction);
  return {
    [peers]: { rules: [...always, `meta nfproto ipv4 goto ${peers}4`, `goto ${peers}6`] },
    ...lookupChains(direction, 4, hasRanges),
    ...lookupChains(direction, 6, hasRanges),
  };
}

/** Looks a peer up by each length of prefix, the longest first; then with its port, and with the blocks of ports that it is in. */
function lookupChains(direction: Direction, family: Family, hasRanges: boolean): Record<string, Chain> {
  const { peers, services, ranges, refuse } = CHAINS[direction];
  const { ported, ranged } = LIST_SETS[direction];
  const { link, peer } = ENDS[direction];
  const protocol = family === 4 ? 'ip' : 'ip6';
  const bits = addressBits(family);
  const lookups = (kind: 'any' | 'service', ...fields: readonly string[]): string[] =>
    blockLengths(bits).map((length) => {
      const address = length === bits ? '' : ` & ${mask(family, length)}`;
      const key = [link, `${protocol} ${peer}${address}`, ...fields].join(' . ');
      return `${key} @${peerSet(direction, kind, family, length)} accept`;
    });
  const inRanges = {
    rules: [
      ...BLOCKS.flatMap(([length, mark]) =>
        lookups('service', `meta l4proto ^ ${mark}`, `th dport & ${portMask(length)}`),
      ),
      `goto ${refuse}`,
    ],
  };
  return {
    ...(hasRanges && { [`${ranges}${family}`]: inRanges }),
    [`${services}${family}`]: {
      rules: [
        withoutPorts(`goto ${refuse}`),
        ...lookups('service', 'meta l4proto', 'th dport'),
        ...(hasRanges ? [`${link} @${ranged} goto ${ranges}${family}`] : []),
        `goto ${refuse}`,
      ],
    },
    [`${peers}${family}`]: {
      rules: [...lookups('any'), `${link} @${ported} goto ${services}${family}`, `goto ${refuse}`],
    },
  };
}

/** What is open by name at the moment: returns for what is not. */
function nameChains(hasRanges: boolean): Record<string, Chain> {
  return {
    names: { rules: ['meta nfproto ipv4 goto names4', 'goto names6'] },
    ...nameChainsOf(4, hasRanges),
    ...nameChainsOf(6, hasRanges),
  };
}

function nameChainsOf(family: Family, hasRanges: boolean): Record<string, Chain> {
  const { any, service } = NAME_SETS;
  const key = `iifname . ${family === 4 ? 'ip' : 'ip6'} daddr`;
  const inRanges = {
    rules: BLOCKS.map(
      ([length, mark]) => `${key} . meta l4proto ^ ${mark} . th dport & ${portMask(length)} @${service[family]} accept`,
    ),
  };
  return {
    ...(hasRanges && { [`name_ranges${family}`]: inRanges }),
    [`names${family}`]: {
      rules: [
        `${key} @${any[family]} accept`,
        withoutPorts('return'),
        `${key} . meta l4proto . th dport @${service[family]} accept`,
        ...(hasRanges ? [`iifname @${LIST_SETS.egress.ranged} goto name_ranges${family}`] : []),
      ],
    },
  };
}

/**
 * Questions before they are routed, and answers on their way out: only those of conversations that the container began, as the
 * others are no answers. Both after their fragments were put together.
 */
function dnsChains(to: DnsTarget): Record<string, Chain> {
  const what = 'queue' in to ? `queue num ${to.queue} bypass` : `meta mark set meta mark | ${to.mark}`;
  const dns = (port: 'dport' | 'sport'): string => `meta l4proto { tcp, udp } th ${port} 53`;
  return {
    questions: baseChain('prerouting', BEFORE_MANGLE, [
      `iifname @${NAME_SETS.links} ${dns('dport')} ct direction original ${what}`,
    ]),
    answers: baseChain('postrouting', BEFORE_MANGLE, [
      `oifname @${NAME_SETS.links} ${dns('sport')} ct state established ct direction reply ${what}`,
    ]),
  };
}

function arpChains(linkPrefix: string): Record<string, Chain> {
  return {
    from_container: baseChain('input', 'filter', [
      `iifname != "${linkPrefix}*" accept`,
      `iifname . arp saddr ip @${OWN_SETS[4]} accept`,
      // A probe claims nothing. Source: RFC 5227, section 2.1.1.
      'arp saddr ip 0.0.0.0 accept',
      `iifname @${SENDER_SETS.strict} drop`,
      `arp operation request ${TOO_MANY}`,
    ]),
  };
}

function mask(family: Family, length: number): string {
  const bits = addressBits(family);
  return formatAddress({ family, value: ((1n << BigInt(length)) - 1n) << BigInt(bits - length) });
}

function portMask(length: number): string {
  return `0x${(0xffff & ~((1 << (PORT_BITS - length)) - 1)).toString(16)}`;
}

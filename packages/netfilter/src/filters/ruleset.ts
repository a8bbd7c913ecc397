import type { Family } from '@routed/netns';
import { formatIp } from '@routed/netns/nfnetlink';
import { bytesOf } from '../allow-list/addresses.ts';
import { bitsOf } from '../allow-list/allow-list.ts';
import { blockLengths } from '../allow-list/blocks.ts';
import { ARP_SETS, inetSets, LINK_SETS, OWN_SETS, sourceSet } from './layout.ts';

/** Names in the rules. */
export interface RulesetOptions {
  readonly table: string;
  readonly linkPrefix: string;
}

/** Below Docker's and firewalld's rules, so that refusals are answered before a policy drops silently. */
const BEFORE_FILTER = 'filter - 10';
/** A container's link-local address may be any, but these: the gateways' are fe80::1, fe80::2 and so on. */
const RESERVED = 'fe80::/112';
/** Neighbour discovery, and what path MTU discovery lives on. Source: RFC 4890, RFC 1191. */
const NEEDED_ICMPV6 =
  '{ packet-too-big, mld-listener-query, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect }';

const ADDRESS_TYPE = { 4: 'ipv4_addr', 6: 'ipv6_addr' } as const;

/**
 * The static part of the filters as input for `nft -f -`, one transaction. Pure.
 *
 * Elements of the sets stay: the filters of endpoints are in force meanwhile.
 */
export function rulesetScript({ table, linkPrefix }: RulesetOptions): string {
  const chains = { inet: inetChains(linkPrefix), arp: arpChains(linkPrefix) };
  const families = ['inet', 'arp'] as const;
  return [
    // Everything that rules refer to first, then the chains anew.
    ...families.map((family) =>
      [
        `table ${family} ${table} {`,
        ...(family === 'inet' ? inetSets() : ARP_SETS).map((set) => `set ${set} ${setDefinition(set)}`),
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

interface Chain {
  readonly hook?: string;
  readonly rules: readonly string[];
}

function baseChain(hook: string, priority: string, rules: readonly string[]): Chain {
  return { hook: `type filter hook ${hook} priority ${priority}; policy accept;`, rules };
}

function inetChains(linkPrefix: string): Record<string, Chain> {
  const isNew = ['ct state established,related accept', `oifname @${LINK_SETS.filtered} goto entry`];
  const { 4: own4, 6: own6, claims } = OWN_SETS;
  return {
    // The set counts; a link that is missing there is refused all the same.
    refuse: { rules: [`oifname @${LINK_SETS.refused} goto turn_away`, 'goto turn_away'] },
    turn_away: { rules: ['meta l4proto tcp reject with tcp reset', 'reject with icmpx type admin-prohibited'] },
    entry: {
      rules: [
        'icmp type destination-unreachable icmp code frag-needed accept',
        `icmpv6 type ${NEEDED_ICMPV6} accept`,
        'meta nfproto ipv4 goto entry4',
        'goto entry6',
      ],
    },
    ...sourceChains(4),
    ...sourceChains(6),
    to_container: baseChain('forward', BEFORE_FILTER, isNew),
    host_to_container: baseChain('output', BEFORE_FILTER, isNew),
    foreign: { rules: [`iifname @${LINK_SETS.strict} drop`] },
    claim: {
      rules: [
        `iifname . @th,64,128 @${claims} return`,
        // fe80::/112, then fe80::/10.
        '@th,64,112 0xfe80000000000000000000000000 goto foreign',
        '@th,64,10 0x3fa return',
        'goto foreign',
      ],
    },
    sender6: {
      rules: [
        'icmpv6 type { nd-router-advert, nd-redirect } goto foreign',
        'icmpv6 type nd-neighbor-advert jump claim',
        `iifname . ip6 saddr @${own6} accept`,
        `ip6 saddr ${RESERVED} goto foreign`,
        'ip6 saddr fe80::/10 accept',
        // Duplicate address detection asks before it has an address.
        'ip6 saddr :: icmpv6 type nd-neighbor-solicit jump claim',
        'ip6 saddr :: icmpv6 type { nd-neighbor-solicit, nd-router-solicit, mld2-listener-report } accept',
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

/** Looks a source up by each length of prefix, the longest first, and then with its port. */
function sourceChains(family: Family): Record<string, Chain> {
  const protocol = family === 4 ? 'ip' : 'ip6';
  const bits = bitsOf(family);
  const lookups = (kind: 'from' | 'service', ...fields: readonly string[]): string[] =>
    blockLengths(bits).map((length) => {
      const source = length === bits ? '' : ` & ${mask(family, length)}`;
      const key = ['oifname', `${protocol} saddr${source}`, ...fields].join(' . ');
      return `${key} @${sourceSet(kind, family, length)} accept`;
    });
  return {
    [`services${family}`]: { rules: [...lookups('service', 'meta l4proto', 'th dport'), 'goto refuse'] },
    [`entry${family}`]: {
      rules: [...lookups('from'), `oifname @${LINK_SETS.ported} goto services${family}`, 'goto refuse'],
    },
  };
}

function arpChains(linkPrefix: string): Record<string, Chain> {
  return {
    from_container: baseChain('input', 'filter', [
      `iifname != "${linkPrefix}*" accept`,
      `iifname . arp saddr ip @${OWN_SETS[4]} accept`,
      // A probe claims nothing. Source: RFC 5227, section 2.1.1.
      'arp saddr ip 0.0.0.0 accept',
      `iifname @${LINK_SETS.strict} drop`,
    ]),
  };
}

function mask(family: Family, length: number): string {
  const bits = bitsOf(family);
  return formatIp(bytesOf(family, ((1n << BigInt(length)) - 1n) << BigInt(bits - length)));
}

function setDefinition(set: string): string {
  if (set === LINK_SETS.ported) return '{ type ifname; }';
  if (Object.values<string>(LINK_SETS).includes(set)) return '{ type ifname; counter; }';
  if (set === OWN_SETS.claims) return '{ typeof iifname . @th,64,128; }';
  const address = ADDRESS_TYPE[set.replace(/_.*/, '').endsWith('4') ? 4 : 6];
  const service = set.startsWith('service') ? ' . inet_proto . inet_service' : '';
  return `{ type ifname . ${address}${service}; }`;
}

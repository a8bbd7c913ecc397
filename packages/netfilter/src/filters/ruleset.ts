import { addressBits, type Family, formatAddress } from '@routed/addresses';
import { blockLengths } from '../allow-list/blocks.ts';
import { ARP_SETS, inetSets, LINK_SETS, OWN_SETS, sourceSet } from './layout.ts';

/** Names in the rules. */
export interface RulesetOptions {
  readonly table: string;
  readonly linkPrefix: string;
}

/** Below Docker's and firewalld's rules, so that refusals are answered before a policy drops silently. */
const BEFORE_FILTER = 'filter - 10';
/**
 * Requests that enter their sender into the host's table of neighbours: 10 a second for each link, 50 at once. A container has
 * one neighbour, its gateway, and asks for it once in some 30 s. Source: linux Documentation/networking/ip-sysctl.rst,
 * base_reachable_time.
 */
const SOLICITORS = 'solicitors';
const TOO_MANY = `update @${SOLICITORS} { iifname limit rate over 10/second burst 50 packets } drop`;
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
        `set ${SOLICITORS} { type ifname; size 65535; flags dynamic,timeout; timeout 1m; }`,
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
    foreign: { rules: [`iifname @${LINK_SETS.strict} drop`, 'meta nfproto ipv6 goto solicited', 'accept'] },
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
    without_ipv6: { rules: [`ip6 saddr != :: iifname @${LINK_SETS.strict} drop`, 'drop'] },
    sender6: {
      rules: [
        `iifname @${LINK_SETS.ipv4Only} goto without_ipv6`,
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

/** Looks a source up by each length of prefix, the longest first, and then with its port. */
function sourceChains(family: Family): Record<string, Chain> {
  const protocol = family === 4 ? 'ip' : 'ip6';
  const bits = addressBits(family);
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
      `arp operation request ${TOO_MANY}`,
    ]),
  };
}

function mask(family: Family, length: number): string {
  const bits = addressBits(family);
  return formatAddress({ family, value: ((1n << BigInt(length)) - 1n) << BigInt(bits - length) });
}

function setDefinition(set: string): string {
  if (set === LINK_SETS.ported || set === LINK_SETS.ipv4Only) return '{ type ifname; }';
  if (Object.values<string>(LINK_SETS).includes(set)) return '{ type ifname; counter; }';
  if (set === OWN_SETS.claims) return '{ typeof iifname . @th,64,128; }';
  const address = ADDRESS_TYPE[set.replace(/_.*/, '').endsWith('4') ? 4 : 6];
  const service = set.startsWith('service') ? ' . inet_proto . inet_service' : '';
  return `{ type ifname . ${address}${service}; }`;
}

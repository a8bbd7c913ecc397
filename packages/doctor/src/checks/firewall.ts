import { HOST_LINK_PREFIX, ROUTE_PROTOCOL } from '@routed/datapath';
import { FORWARD_CHAIN, forwardRules, isRejectedByUfw, OVERRULED_REMEDY } from '@routed/netfilter';
import { z } from 'zod';
import { type Check, defineCheck, type Finding } from '../check.ts';
import type { HostView } from '../host-view.ts';
import { usesIpv6 } from './forwarding.ts';

/** What the filter table of one family says about forwarded packets. */
export interface ForwardFacts {
  readonly program: 'iptables' | 'ip6tables';
  /** `iptables -S`; undefined when the program is not there. */
  readonly rules: readonly string[] | undefined;
  /** Rules that must be there, as long as there are networks or containers. */
  readonly wanted: readonly string[];
}

export const forwardChainCheck = defineCheck<readonly ForwardFacts[]>({
  id: 'forward-chain',
  title: 'the firewall accepts container traffic',
  read: async (host) => {
    const isNeeded = await hasContainersOrNetworks(host);
    const uplinks = (await host.uplinks()).map(({ name }) => name).sort();
    const wanted = isNeeded ? forwardRules(HOST_LINK_PREFIX, uplinks) : [];
    const families = (await usesIpv6(host)) ? (['iptables', 'ip6tables'] as const) : (['iptables'] as const);
    return await Promise.all(
      families.map(async (program) => ({ program, rules: await readRules(host, program), wanted })),
    );
  },
  judge: (families) => families.flatMap(judgeFamily),
});

function judgeFamily({ program, rules, wanted }: ForwardFacts): Finding[] {
  if (rules === undefined || wanted.length === 0 || !rules.includes('-P FORWARD DROP')) return [];
  const isCalled = rules.includes(`-A FORWARD -j ${FORWARD_CHAIN}`);
  const missing = isCalled ? wanted.filter((rule) => !rules.includes(rule)) : wanted;
  if (missing.length === 0) return [];
  const what = isCalled ? `chain ${FORWARD_CHAIN} lacks "${missing[0] ?? ''}"` : `nothing calls ${FORWARD_CHAIN}`;
  return [
    {
      severity: 'broken',
      found: `${program}: the policy of FORWARD is DROP, and ${what}`,
      why: 'packets between containers and other hosts are silently dropped',
      remedy: 'start routed-plugin, which adds the rules within 30 s; if it runs, see its log',
    },
  ];
}

/** A chain that sees every forwarded packet. */
const chainList = z.object({
  nftables: z.array(
    z.object({
      chain: z
        .object({
          family: z.string(),
          table: z.string(),
          name: z.string(),
          hook: z.string().optional(),
          policy: z.string().optional(),
        })
        .optional(),
    }),
  ),
});

/** Tables that `iptables` shows as well, and our own. */
const KNOWN_TABLES = /^(filter$|routed)/;

/** What other firewalls say about forwarded packets. */
export interface OtherFirewalls {
  /** `nft --json list chains` */
  readonly chains: string | undefined;
  /** `--list-rules` of iptables and ip6tables. */
  readonly tables: readonly (readonly string[])[];
}

export const otherFirewallCheck = defineCheck<OtherFirewalls>({
  id: 'forward-elsewhere',
  title: 'no other firewall drops forwarded packets',
  read: async (host) => ({
    chains: (await host.run(['nft', '--json', 'list', 'chains']))?.stdout,
    tables: [(await readRules(host, 'iptables')) ?? [], (await readRules(host, 'ip6tables')) ?? []],
  }),
  judge: ({ chains: listed, tables }) => {
    const { data } = chainList.safeParse(parse(listed));
    const chains = (data?.nftables ?? []).flatMap(({ chain }) => chain ?? []);
    const dropping = chains.filter(
      ({ hook, policy, table }) => hook === 'forward' && policy === 'drop' && !KNOWN_TABLES.test(table),
    );
    const findings: Finding[] = dropping.map(({ family, table, name }) => ({
      severity: 'broken',
      found: `nftables: chain ${name} of table ${family} ${table} drops what it does not accept`,
      why: 'a packet must pass every table: this one drops what routed accepts in the filter table',
      remedy: `accept the links there: nft insert rule ${family} ${table} ${name} oifname "${HOST_LINK_PREFIX}*" accept, and the same for iifname`,
    }));
    if (chains.some(({ table }) => table === 'firewalld')) {
      findings.push({
        severity: 'warning',
        found: 'firewalld runs',
        why: 'it rejects forwarded packets of links without a policy, whatever the filter table accepts; its reload removes all iptables rules for a moment',
        remedy: `give the links ${HOST_LINK_PREFIX}+ a zone and a policy in each direction, as in docs/setup.md; a zone alone accepts no incoming connections`,
      });
    }
    if (tables.some((rules) => isRejectedByUfw(rules))) {
      findings.push({
        severity: 'broken',
        found: 'ufw rejects routed packets',
        why: 'its default for them is "reject", in a chain that comes before the rules of routed: nobody reaches a container',
        remedy: OVERRULED_REMEDY['overruled by ufw'],
      });
    }
    return findings;
  },
});

export const legacyFirewallCheck = defineCheck<readonly string[]>({
  id: 'forward-legacy',
  title: 'only one iptables variant has rules',
  read: async (host) => {
    if (!/nf_tables/.test((await host.run(['iptables', '--version']))?.stdout ?? '')) return [];
    // Asking iptables-legacy itself would make its tables.
    const tables = ((await host.file('/proc/net/ip_tables_names')) ?? '').split('\n');
    if (!tables.includes('filter')) return [];
    return ((await host.run(['iptables-legacy', '-S']))?.stdout ?? '').split('\n');
  },
  judge: (rules) => {
    const drops = rules.find((rule) => rule === '-P FORWARD DROP' || /^-A FORWARD .*-j (DROP|REJECT)/.test(rule));
    if (drops === undefined) return [];
    return [
      {
        severity: 'broken',
        found: `iptables-legacy has "${drops}", while iptables itself is on nf_tables`,
        why: "both filter every packet, each by its own rules: routed's rules do not count in the other",
        remedy: 'migrate the rules ("iptables-legacy-save | iptables-restore --noflush"), then flush the old ones',
      },
    ];
  },
});

/** Whether there is anything to accept or to filter. */
export async function hasContainersOrNetworks(host: HostView): Promise<boolean> {
  if (((await host.daemon())?.networks.length ?? 0) > 0) return true;
  return (await host.routes()).some(({ protocol }) => protocol === ROUTE_PROTOCOL);
}

async function readRules(host: HostView, program: string): Promise<readonly string[] | undefined> {
  const result = await host.run([program, '--wait', '--list-rules']);
  return result?.exitCode === 0 ? result.stdout.split('\n') : undefined;
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

export const firewallChecks: readonly Check[] = [forwardChainCheck, otherFirewallCheck, legacyFirewallCheck];

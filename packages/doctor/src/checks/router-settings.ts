import { VIRTUAL_GATEWAYS } from '@routed/driver';
import type { ConfigTree } from '@routed/quagga';
import { isVirtualGateway } from '@routed/datapath';
import { type Check, defineCheck, type Finding } from '../check.ts';
import { linesOf, sectionsOf, topLines } from '../facts/router-config.ts';
import type { Question } from '../facts/router-facts.ts';

/** What FRR and Quagga have when nothing is said. Source: RFC 2328 appendix B and C, FRR ospfd/ospfd.h. */
const DEFAULT_ARRIVAL_MS = 1000;
const DEFAULT_DEAD_SEC = 40;

/** Above it a container that stops and starts at once is lost for a while. */
const ARRIVAL_LIMIT_MS = 100;
const DEAD_LIMIT_SEC = 10;

export const routerTimersCheck = defineCheck<{
  readonly config: ConfigTree | undefined;
  readonly uplinks: readonly string[];
}>({
  id: 'router-timers',
  title: "the router's timers are short",
  read: async (host) => ({
    config: (await host.routers())?.config,
    uplinks: (await host.uplinks()).map(({ name }) => name),
  }),
  judge: ({ config, uplinks }) => {
    if (config === undefined) return [];
    return [
      ...judgeArrival(config, 'OSPF', /^router ospf$/),
      ...judgeArrival(config, 'OSPFv3', /^router ospf6$/),
      ...judgeDead(config, uplinks),
    ];
  },
});

function judgeArrival(config: ConfigTree, protocol: string, header: RegExp): Finding[] {
  if (sectionsOf(config, header).length === 0) return [];
  const [line] = linesOf(config, header, /^timers lsa (?:min-arrival|arrival) (\d+)$/);
  const arrivalMs = Number(line?.[1] ?? DEFAULT_ARRIVAL_MS);
  if (arrivalMs <= ARRIVAL_LIMIT_MS) return [];
  return [
    {
      severity: 'warning',
      found: `${protocol} accepts a repeated LSA only after ${arrivalMs} ms (timers lsa min-arrival)`,
      why: 'a container that restarts within a second is unreachable, or stays announced, for 5 to 10 s: the second LSA is dropped until it is retransmitted',
      remedy: `add "timers lsa min-arrival 0" to router ${protocol === 'OSPF' ? 'ospf' : 'ospf6'} of every host (Quagga: "timers lsa arrival 0"); neighbors need not agree`,
    },
  ];
}

function judgeDead(config: ConfigTree, uplinks: readonly string[]): Finding[] {
  const [ospf] = sectionsOf(config, /^router ospf$/);
  if (ospf === undefined) return [];
  const byNetwork = ospf.lines.some((line) => line.startsWith('network '));
  const passive = ospf.lines.includes('passive-interface default');
  return uplinks.flatMap((uplink): Finding[] => {
    const lines = config.get(`interface ${uplink}`)?.lines ?? [];
    const isSpoken = lines.some((line) => line.startsWith('ip ospf area'));
    const isActive = !passive || lines.includes('no ip ospf passive') || isExempt(ospf.lines, uplink);
    if (!isSpoken && !(byNetwork && isActive)) return [];
    const hasBfd = lines.some((line) => /^ip ospf bfd\b/.test(line));
    const dead = lines.flatMap((line) => /^ip ospf dead-interval (\d+|minimal)/.exec(line)?.[1] ?? [])[0];
    const deadSec = dead === 'minimal' ? 1 : Number(dead ?? DEFAULT_DEAD_SEC);
    if (hasBfd || deadSec <= DEAD_LIMIT_SEC) return [];
    return [
      {
        severity: 'warning',
        found: `OSPF on ${uplink} detects a dead neighbor after ${deadSec} s`,
        why: 'until then, other hosts send to the containers of a failed host',
        remedy:
          'set "ip ospf hello-interval 1" and "ip ospf dead-interval 4", on all routers of the segment together (they must agree), or add BFD',
      },
    ];
  });
}

function isExempt(lines: readonly string[], uplink: string): boolean {
  return lines.includes(`no passive-interface ${uplink}`);
}

/** A routing process, and what it is known by. */
export interface RouterId {
  readonly protocol: 'OSPF' | 'OSPFv3' | 'BGP';
  readonly id: string;
  /** Somebody has chosen it. */
  readonly isSet: boolean;
}

export const routerIdCheck = defineCheck<{
  readonly ids: readonly RouterId[];
  readonly gateways: readonly string[];
}>({
  id: 'router-id',
  title: "the router id is unique, and not the gateway's",
  read: async (host) => {
    const routers = await host.routers();
    const daemon = await host.daemon();
    const loopback = (await host.links()).find(({ isLoopback }) => isLoopback)?.index;
    const onLoopback = (await host.addresses()).filter(
      ({ linkIndex, scope, family }) => family === 4 && linkIndex === loopback && scope === 'link',
    );
    const gateways = [
      (daemon?.gateways ?? VIRTUAL_GATEWAYS)[4],
      ...(daemon?.networks ?? []).flatMap(({ pools }) => pools.map(({ gateway }) => gateway)),
      // Gateway addresses that routed has put there.
      ...onLoopback.map(({ address }) => address.replace(/\/\d+$/, '')),
    ];
    return { ids: routers === undefined ? [] : readIds(routers.config, routers.replies), gateways };
  },
  judge: ({ ids, gateways }) =>
    ids.flatMap(({ protocol, id, isSet }): Finding[] => {
      if (gateways.includes(id) || isVirtualGateway(id)) {
        return [
          {
            severity: 'broken',
            found: `the router id of ${protocol} is ${id}, the gateway of the containers`,
            why: "every host has the gateway: routers with the same id ignore each other, or overwrite each other's announcements",
            remedy: `set a unique id, such as the address of this host (${lineFor(protocol)}), and restart the daemon`,
          },
        ];
      }
      if (isSet) return [];
      return [
        {
          severity: 'warning',
          found: `${protocol} chose its router id ${id} itself`,
          why: 'it chooses the largest address, preferably on lo: with --gateway, or after a change of addresses, other hosts may have the same',
          remedy: `set it (${lineFor(protocol)})`,
        },
      ];
    }),
});

function lineFor(protocol: RouterId['protocol']): string {
  return { OSPF: '"ospf router-id A.B.C.D"', OSPFv3: '"ospf6 router-id A.B.C.D"', BGP: '"bgp router-id A.B.C.D"' }[
    protocol
  ];
}

/** Who the daemons say they are, and whether somebody told them. Pure. */
export function readIds(config: ConfigTree, replies: ReadonlyMap<Question, string>): RouterId[] {
  const isSetForAll = topLines(config).some((line) => /^(ip )?router-id /.test(line));
  const wanted: readonly (readonly [RouterId['protocol'], Question, RegExp])[] = [
    ['OSPF', 'show ip ospf', /^router ospf$/],
    ['OSPFv3', 'show ipv6 ospf6', /^router ospf6$/],
    ['BGP', 'show bgp summary', /^router bgp /],
  ];
  return wanted.flatMap(([protocol, question, header]): RouterId[] => {
    const reply = replies.get(question) ?? '';
    const older = protocol === 'BGP' ? (replies.get('show ip bgp summary') ?? '') : '';
    const id = /(?:Router[ -]ID:?|router identifier) (\d+\.\d+\.\d+\.\d+)/i.exec(`${reply}\n${older}`)?.[1];
    if (id === undefined || sectionsOf(config, header).length === 0) return [];
    const isSet = isSetForAll || linesOf(config, header, /^(?:(?:ospf|ospf6|bgp) )?router-id /).length > 0;
    return [{ protocol, id, isSet }];
  });
}

export const routerSettingsChecks: readonly Check[] = [routerTimersCheck, routerIdCheck];

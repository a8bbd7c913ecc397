import { allAddresses, type KernelEndpoint } from '../endpoint/kernel-endpoint.ts';
import type { Link, Route, RouteSpec, Rule, RuleSpec } from '@routed/netns';
import { hostPrefix } from '@routed/addresses';
import type { KernelChange } from '../ground/kernel-change.ts';
import { ROUTE_PROTOCOL } from '../names/kernel-names.ts';
import { hasSeveralLinks, linkOf, type SandboxEndpoint } from './sandbox-plan.ts';

/** What decides by which link a sandbox sends. */
export interface SourceRoutingState {
  readonly links: readonly Link[];
  /** Those of our protocol. */
  readonly rules: readonly Rule[];
  /** Those of our protocol. */
  readonly routes: readonly Route[];
}

/** The rules of a sandbox come before those of its main table (32766) and after those that an operator adds first. */
const RULE_PRIORITY = 20_200;

/** The table of a link is this number and its index. */
const TABLE_BASE = 2_000_000;

const DEFAULT_ROUTE = { 4: '0.0.0.0/0', 6: '::/0' } as const;

/**
 * The routes and rules by which each of our addresses answers by its own link, where there is a second one, whoever's.
 * Pure.
 *
 * Docker sets one default route only, and the host drops what comes from an address by the link of another.
 */
export function planSourceRouting(endpoints: readonly SandboxEndpoint[], state: SourceRoutingState): KernelChange[] {
  const wantedRoutes: RouteSpec[] = [];
  const wantedRules: RuleSpec[] = [];
  for (const sandboxEndpoint of hasSeveralLinks(state.links) ? endpoints : []) {
    const link = linkOf(sandboxEndpoint, state.links);
    if (link === undefined) continue;
    wantedRoutes.push(...routesOf(sandboxEndpoint.endpoint, link));
    wantedRules.push(...rulesOf(sandboxEndpoint.endpoint, link));
  }
  return [...planRoutes(wantedRoutes, state), ...planRules(wantedRules, state)];
}

function routesOf({ addresses }: KernelEndpoint, { index: linkIndex }: Link): RouteSpec[] {
  return addresses.map(({ family, gateway }) => ({
    destination: DEFAULT_ROUTE[family],
    gateway,
    linkIndex,
    onLink: true,
    table: TABLE_BASE + linkIndex,
    protocol: ROUTE_PROTOCOL,
  }));
}

/** A route by another gateway is replaced. */
function planRoutes(wanted: readonly RouteSpec[], { routes }: SourceRoutingState): KernelChange[] {
  const placeOf = ({ destination, table }: Pick<RouteSpec, 'destination' | 'table'>): string =>
    `${destination} ${table ?? 0}`;
  const wayOf = (route: Pick<RouteSpec, 'destination' | 'table' | 'gateway'>): string =>
    `${placeOf(route)} ${route.gateway ?? ''}`;
  const present = new Set(routes.map(wayOf));
  const kept = new Set(wanted.map(placeOf));
  return [
    ...routes
      .filter((route) => !kept.has(placeOf(route)))
      .map(({ destination, table, protocol }) => {
        return { kind: 'delete-route', route: { destination, table, protocol } } as const;
      }),
    ...wanted.filter((route) => !present.has(wayOf(route))).map((route) => ({ kind: 'add-route', route }) as const),
  ];
}

function rulesOf(endpoint: KernelEndpoint, { index }: Link): RuleSpec[] {
  return allAddresses(endpoint).map(({ family, address }) => ({
    family,
    priority: RULE_PRIORITY,
    source: hostPrefix(address),
    table: TABLE_BASE + index,
    protocol: ROUTE_PROTOCOL,
  }));
}

function planRules(wanted: readonly RuleSpec[], { rules }: SourceRoutingState): KernelChange[] {
  const keyOf = ({ source, table }: Pick<RuleSpec, 'source' | 'table'>): string => `${source ?? ''} ${table ?? 0}`;
  const present = new Set(rules.map(keyOf));
  const kept = new Set(wanted.map(keyOf));
  return [
    ...rules
      .filter((rule) => !kept.has(keyOf(rule)))
      .map(({ family, priority, source, table }) => {
        const rule = { family, priority, table, ...(source === undefined ? {} : { source }) };
        return { kind: 'delete-rule', rule: { ...rule, protocol: ROUTE_PROTOCOL } } as const;
      }),
    ...wanted.filter((rule) => !present.has(keyOf(rule))).map((rule) => ({ kind: 'add-rule', rule }) as const),
  ];
}

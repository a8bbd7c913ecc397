import type { Address, AddressSpec, Link, Route, RouteSpec, Rule, RuleSpec } from '@routed/netns';
import { allAddresses, type Endpoint } from '../endpoints/endpoint.ts';
import { hostPrefix } from '../endpoints/endpoint-plan.ts';
import { ROUTE_PROTOCOL } from '../endpoints/kernel-names.ts';

/** An endpoint of the sandbox, and the index that the host's end of its link has on the host. */
export interface SandboxEndpoint {
  readonly endpoint: Endpoint;
  readonly hostLinkIndex: number;
}

/** What a sandbox has. */
export interface SandboxState {
  readonly links: readonly Link[];
  readonly addresses: readonly Address[];
  /** Rules and routes of our protocol. */
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
}

/** One change inside a sandbox. */
export type SandboxAction =
  | { readonly kind: 'add-address'; readonly address: AddressSpec }
  | { readonly kind: 'delete-address'; readonly address: { readonly linkIndex: number; readonly address: string } }
  | { readonly kind: 'add-route'; readonly route: RouteSpec }
  | { readonly kind: 'add-rule'; readonly rule: RuleSpec }
  | { readonly kind: 'delete-rule'; readonly rule: RuleSpec };

/** The changes to make now, and the endpoints that Docker has not finished with yet. */
export interface SandboxPlan {
  readonly actions: readonly SandboxAction[];
  readonly waitingFor: readonly string[];
}

/** The rules of a sandbox come before those of its main table (32766) and after those that an operator adds first. */
const RULE_PRIORITY = 20_200;

/** The table of a link is this number and its index. */
const TABLE_BASE = 2_000_000;

const DEFAULT_ROUTE = { 4: '0.0.0.0/0', 6: '::/0' } as const;

/**
 * What is to be done inside a sandbox, beside what Docker does. Pure.
 *
 * - The additional addresses come after Docker's own: the first address of a link is the one it sends from.
 * - Where there is a second link, whoever's, each of our addresses answers by its own link: Docker sets one default
 *   route only, and the host drops what comes from an address by the link of another.
 */
export function planSandbox(endpoints: readonly SandboxEndpoint[], state: SandboxState): SandboxPlan {
  const hasSeveralLinks = state.links.filter(isInUse).length > 1;
  const actions: SandboxAction[] = [];
  const waitingFor: string[] = [];
  const wantedRules: RuleSpec[] = [];
  for (const { endpoint, hostLinkIndex } of endpoints) {
    const link = state.links.find(({ kind, peerIndex }) => kind === 'veth' && peerIndex === hostLinkIndex);
    if (link === undefined || !isReady(endpoint, link, state, hasSeveralLinks)) {
      waitingFor.push(endpoint.id);
      continue;
    }
    actions.push(...planAddresses(endpoint, link, state));
    if (!hasSeveralLinks) continue;
    actions.push(...planRoutes(endpoint, link, state));
    wantedRules.push(...rulesOf(endpoint, link));
  }
  if (waitingFor.length === 0) actions.push(...planRules(wantedRules, state));
  return { actions, waitingFor };
}

/** Some kernels put links into every namespace, such as tunl0, which nobody uses. */
function isInUse({ isLoopback, isUp, kind }: Link): boolean {
  return !isLoopback && (isUp || kind === 'veth');
}

/** Whether Docker has given the link its addresses; and has set it up, where routes by it are wanted. */
function isReady({ addresses }: Endpoint, link: Link, state: SandboxState, needsRoutes: boolean): boolean {
  const held = heldBy(link, state);
  return addresses.every(({ address }) => held.has(hostPrefix(address))) && (link.isUp || !needsRoutes);
}

function planAddresses({ additional }: Endpoint, { index: linkIndex }: Link, state: SandboxState): SandboxAction[] {
  const wanted = new Set(additional.map(({ address }) => hostPrefix(address)));
  const ours = state.addresses.filter((held) => held.linkIndex === linkIndex && held.protocol === ROUTE_PROTOCOL);
  const held = heldBy({ index: linkIndex }, state);
  return [
    ...ours
      .filter(({ address }) => !wanted.has(address))
      .map(({ address }) => ({ kind: 'delete-address', address: { linkIndex, address } }) as const),
    ...[...wanted].filter((address) => !held.has(address)).map((address) => addAddress(linkIndex, address)),
  ];
}

function addAddress(linkIndex: number, address: string): SandboxAction {
  // Nobody else can be asked for it on this link, so there is no duplicate to detect. Of IPv6 addresses the newest
  // would be the one to send from.
  const flags = { skipDuplicateDetection: true, noPrefixRoute: true, isDeprecated: address.includes(':') } as const;
  return { kind: 'add-address', address: { linkIndex, address, protocol: ROUTE_PROTOCOL, ...flags } };
}

function planRoutes({ addresses }: Endpoint, { index: linkIndex }: Link, { routes }: SandboxState): SandboxAction[] {
  const table = TABLE_BASE + linkIndex;
  return addresses
    .filter(
      ({ family, gateway }) =>
        !routes.some((route) => route.table === table && route.family === family && route.gateway === gateway),
    )
    .map(({ family, gateway }) => {
      const way = { destination: DEFAULT_ROUTE[family], gateway, linkIndex, onLink: true };
      return { kind: 'add-route', route: { ...way, table, protocol: ROUTE_PROTOCOL } };
    });
}

function rulesOf(endpoint: Endpoint, { index }: Link): RuleSpec[] {
  return allAddresses(endpoint).map(({ family, address }) => ({
    family,
    priority: RULE_PRIORITY,
    source: hostPrefix(address),
    table: TABLE_BASE + index,
    protocol: ROUTE_PROTOCOL,
  }));
}

function planRules(wanted: readonly RuleSpec[], { rules }: SandboxState): SandboxAction[] {
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

function heldBy({ index }: Pick<Link, 'index'>, { addresses }: SandboxState): ReadonlySet<string> {
  return new Set(addresses.filter(({ linkIndex }) => linkIndex === index).map(({ address }) => address));
}

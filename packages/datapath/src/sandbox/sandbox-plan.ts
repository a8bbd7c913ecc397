import { allAddresses, type KernelEndpoint } from '../endpoint/kernel-endpoint.ts';
import type { Address, Link } from '@routed/netns';
import { hostPrefix } from '@routed/addresses';
import type { KernelChange } from '../ground/kernel-change.ts';
import { ROUTE_PROTOCOL } from '../names/kernel-names.ts';

/** An endpoint of the sandbox, and the index that the host's end of its link has on the host. */
export interface SandboxEndpoint {
  readonly endpoint: KernelEndpoint;
  readonly hostLinkIndex: number;
}

/** The links and addresses of a sandbox. */
export interface SandboxState {
  readonly links: readonly Link[];
  readonly addresses: readonly Address[];
}

/** The changes to make now, and the endpoints that Docker has not finished with yet. */
export interface SandboxPlan {
  readonly changes: readonly KernelChange[];
  readonly waitingFor: readonly string[];
}

/**
 * The addresses to add and to delete inside a sandbox. Pure.
 *
 * The additional addresses come after Docker's own: the first address of a link is the one it sends from.
 */
export function planAddresses(endpoints: readonly SandboxEndpoint[], state: SandboxState): SandboxPlan {
  const needsRoutes = hasSeveralLinks(state.links);
  const changes: KernelChange[] = [];
  const waitingFor: string[] = [];
  for (const sandboxEndpoint of endpoints) {
    const { endpoint } = sandboxEndpoint;
    const link = linkOf(sandboxEndpoint, state.links);
    if (link === undefined || !isReady(endpoint, link, state, needsRoutes)) waitingFor.push(endpoint.id);
    else changes.push(...addressesOf(endpoint, link, state));
  }
  return { changes, waitingFor };
}

/** The container's end of an endpoint's link, once it is in the sandbox. */
export function linkOf({ hostLinkIndex }: SandboxEndpoint, links: readonly Link[]): Link | undefined {
  return links.find(({ kind, peerIndex }) => kind === 'veth' && peerIndex === hostLinkIndex);
}

/** Whether the container sends by several links. */
export function hasSeveralLinks(links: readonly Link[]): boolean {
  return links.filter(isInUse).length > 1;
}

/** Some kernels put links into every namespace, such as tunl0, which nobody uses. */
function isInUse({ isLoopback, isUp, kind }: Link): boolean {
  return !isLoopback && (isUp || kind === 'veth');
}

/** Whether Docker has given the link its addresses; and has set it up, where routes by it are wanted. */
function isReady({ addresses }: KernelEndpoint, link: Link, state: SandboxState, needsRoutes: boolean): boolean {
  const held = heldBy(link, state);
  return addresses.every(({ address }) => held.has(hostPrefix(address))) && (link.isUp || !needsRoutes);
}

function addressesOf(endpoint: KernelEndpoint, link: Link, state: SandboxState): KernelChange[] {
  const linkIndex = link.index;
  const wanted = new Set(allAddresses(endpoint).map(({ address }) => hostPrefix(address)));
  const ours = state.addresses.filter((held) => held.linkIndex === linkIndex && held.protocol === ROUTE_PROTOCOL);
  const held = heldBy(link, state);
  return [
    ...ours
      .filter(({ address }) => !wanted.has(address))
      .map(({ address }) => ({ kind: 'delete-address', address: { linkIndex, address } }) as const),
    ...[...wanted].filter((address) => !held.has(address)).map((address) => addAddress(linkIndex, address)),
  ];
}

function addAddress(linkIndex: number, address: string): KernelChange {
  // Nobody else can be asked for it on this link, so there is no duplicate to detect. Of IPv6 addresses the newest
  // would be the one to send from.
  const flags = { skipDuplicateDetection: true, noPrefixRoute: true, isDeprecated: address.includes(':') } as const;
  return { kind: 'add-address', address: { linkIndex, address, protocol: ROUTE_PROTOCOL, ...flags } };
}

function heldBy({ index }: Link, { addresses }: SandboxState): ReadonlySet<string> {
  return new Set(addresses.filter(({ linkIndex }) => linkIndex === index).map(({ address }) => address));
}

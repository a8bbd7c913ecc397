import { CONTAINER_LINK_PREFIX, endpointOfAlias, PeerNamespaceIndex } from '@routed/datapath';
import type { Link, LinkEvent } from '@routed/netns';
import type { KernelEvents } from '../ground/kernel-events.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { SandboxReconciler } from './sandbox-reconciler.ts';

/**
 * Sees from the host when a sandbox needs a visit.
 *
 * Docker moves the container's end of a link into the sandbox: to the host, it vanishes. A second link into the same
 * sandbox, of ours or of another driver, shows by the number of the namespace that its other end is in, until it goes.
 * A container with one address and one link needs no visit.
 */
export class SandboxWatch {
  readonly #endpoints: Pick<EndpointLifecycle, 'get' | 'idOfLink'>;
  readonly #sandboxReconciler: Pick<SandboxReconciler, 'request' | 'prune'>;
  readonly #census = new PeerNamespaceIndex();
  /** The endpoints of our host links, by index. */
  readonly #ours = new Map<number, string>();

  constructor(deps: {
    readonly endpoints: Pick<EndpointLifecycle, 'get' | 'idOfLink'>;
    readonly sandboxReconciler: Pick<SandboxReconciler, 'request' | 'prune'>;
  }) {
    this.#endpoints = deps.endpoints;
    this.#sandboxReconciler = deps.sandboxReconciler;
  }

  /** Hears of the host's links from now on. */
  listenTo(events: KernelEvents<'link'>): void {
    events.on('link', (event) => this.#onLink(event));
  }

  /** Takes all links of the host into account and asks for the visits that they call for. */
  survey(links: readonly Link[]): void {
    this.#sandboxReconciler.prune();
    for (const link of links) this.#note(link);
    for (const [linkIndex, endpointId] of this.#ours) {
      const isAlone = this.#census.siblingsOf(linkIndex).size < 2;
      if (!isAlone || this.#hasAdditional(endpointId)) this.#visit(endpointId);
    }
  }

  #onLink({ change, link }: LinkEvent): void {
    if (change === 'delete') {
      if (link.name.startsWith(CONTAINER_LINK_PREFIX)) this.#onMoved(link.name);
      this.#ours.delete(link.index);
      this.#visitCompanions(link.index);
      this.#census.forget(link.index);
    } else if (this.#note(link)) {
      this.#visitCompanions(link.index);
    }
  }

  #onMoved(linkName: string): void {
    const endpointId = this.#endpoints.idOfLink(linkName);
    if (endpointId === undefined || this.#endpoints.get(endpointId)?.sandboxKey === undefined) return;
    if (this.#hasAdditional(endpointId)) this.#visit(endpointId);
  }

  /** What a sandbox with several links needs depends on all of them. */
  #visitCompanions(linkIndex: number): void {
    const siblings = this.#census.siblingsOf(linkIndex);
    if (siblings.size < 2) return;
    const endpointId = [...siblings].map((index) => this.#ours.get(index)).find((id) => id !== undefined);
    if (endpointId !== undefined) this.#visit(endpointId);
  }

  /** False: nothing new. */
  #note(link: Link): boolean {
    if (link.kind !== 'veth' || link.peerNetnsId === undefined) return false;
    const endpointId = endpointOfAlias(link.alias);
    if (endpointId !== undefined) this.#ours.set(link.index, endpointId);
    return this.#census.note(link.index, link.peerNetnsId);
  }

  #hasAdditional(endpointId: string): boolean {
    return (this.#endpoints.get(endpointId)?.additional.length ?? 0) > 0;
  }

  #visit(endpointId: string): void {
    const sandboxKey = this.#endpoints.get(endpointId)?.sandboxKey;
    if (sandboxKey !== undefined) this.#sandboxReconciler.request(sandboxKey);
  }
}

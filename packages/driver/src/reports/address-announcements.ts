import { hostPrefix } from '@routed/datapath';
import { REASON_WORDS } from '../announcement/announcement-words.ts';
import type { Announcer } from '../announcement/announcer.ts';
import type { Conflicts } from '../conflicts/conflicts.ts';
import type { Absence } from '../endpoints/absence.ts';
import type { AddressAnnouncement, ExplainedAnnouncement } from '../endpoints/address-announcement.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { addressTexts, type Endpoint } from '../endpoints/endpoint.ts';
import type { HostDrain } from '../endpoints/host-drain.ts';
import type { DriverEvents } from '../ground/events.ts';

interface Deps {
  readonly endpoints: Pick<EndpointLifecycle, 'get' | 'endpointAt'>;
  readonly announcer: Pick<Announcer, 'reasonOf' | 'dueAt' | 'isBlind'>;
  readonly absence: Pick<Absence, 'isWithdrawn'>;
  readonly conflicts: Pick<Conflicts, 'of'>;
  readonly hostDrain: Pick<HostDrain, 'isDraining'>;
  readonly events: DriverEvents;
}

/** Reasons that are not of the policy. */
const OTHER_WORDS = {
  yielded: {
    why: 'another host announces it, and this host yields to it (routed.on-conflict=yield)',
    until: 'the other host no longer announces it',
  },
  'handed over': {
    why: 'another host has taken it over: an operator handed it over, or its network has routed.on-conflict=handover',
    until: 'the other host no longer announces it',
  },
  'container gone': {
    why: "its container seems to have ended: nobody uses the container's end of its link",
    until: 'its container runs, or Docker says that it is gone',
  },
} as const;
type OtherReason = keyof typeof OTHER_WORDS;

/** Says of addresses whether other hosts are told of them, why, and since when. */
export class AddressAnnouncements {
  readonly #deps: Deps;
  /** When the announcement of addresses of endpoints in a sandbox changed last, by address: milliseconds since 1970. */
  readonly #changedAt = new Map<string, number>();

  constructor(deps: Deps) {
    this.#deps = deps;
    const { events } = deps;
    events.on('announce', (addresses) => this.#changed(addresses));
    events.on('withdraw', (addresses) => this.#changed(addresses));
    events.on('join', (endpointId) => this.#joined(endpointId));
    events.on('leave', (endpointId) => this.#left(endpointId));
  }

  /** Of an endpoint that is in a sandbox: it is announced if one of its addresses is, and yielded if one of them is. */
  ofEndpoint(endpoint: Endpoint): AddressAnnouncement {
    const all = addressTexts(endpoint).map((address) => this.of(endpoint, address));
    const isAnnounced = all.some((each) => each.isAnnounced);
    const other = all.find(({ reason }) => reason in OTHER_WORDS) ?? all[0];
    return { policy: endpoint.announce ?? 'always', reason: 'always', ...other, isAnnounced };
  }

  /** Of one address of an endpoint that is in a sandbox. */
  of(endpoint: Endpoint, address: string): AddressAnnouncement {
    const dueAt = this.#deps.announcer.dueAt(endpoint.id);
    const changedAt = this.#changedAt.get(address);
    const reason = this.#otherReason(endpoint, address);
    const isAnnounced = reason === undefined && endpoint.isAnnounced !== false;
    return {
      policy: endpoint.announce ?? 'always',
      isAnnounced,
      reason: reason ?? this.#deps.announcer.reasonOf(endpoint.id),
      ...(changedAt !== undefined && { since: textOf(changedAt) }),
      ...(dueAt !== undefined && reason === undefined && { dueAt: textOf(dueAt) }),
    };
  }

  /** {@link of}, in plain words. */
  explain(endpoint: Endpoint, address: string): ExplainedAnnouncement {
    const announcement = this.of(endpoint, address);
    return { ...announcement, ...this.#words(endpoint, address, announcement.isAnnounced) };
  }

  #words(endpoint: Endpoint, address: string, isAnnounced: boolean): { readonly why: string; readonly until: string } {
    const other = this.#otherReason(endpoint, address);
    if (other !== undefined) return OTHER_WORDS[other];
    const reason = this.#deps.announcer.reasonOf(endpoint.id);
    const words = REASON_WORDS[reason];
    if (words.isAnnounced !== undefined && words.isAnnounced !== isAnnounced) {
      return { why: `the last change failed (${words.why}): see the log`, until: 'routed-plugin tries again' };
    }
    if (reason === 'draining') return this.#drainWords(endpoint);
    const isBlind = this.#deps.announcer.isBlind && endpoint.announce !== undefined && endpoint.announce !== 'always';
    return isBlind ? { ...words, why: `${words.why}, as far as Docker said before it stopped answering` } : words;
  }

  #drainWords({ isDraining }: Endpoint): { readonly why: string; readonly until: string } {
    if (this.#deps.hostDrain.isDraining) {
      return { why: 'an operator drains the whole host', until: 'routed-plugin undrain --all' };
    }
    if (isDraining === true) return REASON_WORDS.draining;
    const why = 'its container was told to stop, and its connections may end first (routed.drain)';
    return { why, until: 'its container is started again' };
  }

  #otherReason({ id }: Endpoint, address: string): OtherReason | undefined {
    if (this.#deps.absence.isWithdrawn(id)) return 'container gone';
    const conflict = this.#deps.conflicts.of(address);
    if (conflict?.state !== 'yielded') return undefined;
    return conflict.isHandover ? 'handed over' : 'yielded';
  }

  /** Of an address that is in no sandbox any more, nothing is to be kept. */
  #changed(addresses: readonly string[]): void {
    for (const address of addresses) {
      const endpointId = this.#deps.endpoints.endpointAt(hostPrefix(address));
      const isJoined = endpointId !== undefined && this.#deps.endpoints.get(endpointId)?.sandboxKey !== undefined;
      if (isJoined) this.#changedAt.set(address, Date.now());
      else this.#changedAt.delete(address);
    }
  }

  /** One that is not announced from the start joins without a word. */
  #joined(endpointId: string): void {
    for (const address of addressTexts(this.#deps.endpoints.get(endpointId))) {
      if (!this.#changedAt.has(address)) this.#changedAt.set(address, Date.now());
    }
  }

  #left(endpointId: string): void {
    for (const address of addressTexts(this.#deps.endpoints.get(endpointId))) this.#changedAt.delete(address);
  }
}

function textOf(ms: number): string {
  return new Date(ms).toISOString();
}

import { z } from 'zod';
import type { EngineApi } from './engine-api.ts';

/** For which network Docker makes a call now, and what is known of its containers. */
export interface StartQuestion {
  readonly networkId: string;
  /** The name of the container, where Docker told it with the call. */
  readonly name?: string | undefined;
  /** The ids of the containers that the answer matters for: once all of them have answered, it is somebody else. */
  readonly candidates: readonly string[];
  /** Whether a container has this endpoint still: Docker makes no second one for it on the same network. */
  readonly hasEndpoint: (endpointId: string) => boolean;
}

/** The list takes longer the more containers there are, the candidates some milliseconds in all. */
const CANDIDATES_FIRST_MS = 2;
/** How long the list may take: before it has started, Docker accepts connections and is silent. */
const LIST_PATIENCE_MS = 500;
/** More containers than this are not asked about: whose call it is stays unknown. */
const MOST_ASKED = 100;
/** How many times as long as the list each answer may take, and what that is at least and at most, in milliseconds. */
const PATIENCE = { factor: 20, leastMs: 100, mostMs: 1_000 } as const;
/** A container that has not answered for so long is held by Docker, and a list is not to be expected soon. */
const HELD_AFTER_MS = 80;
const SILENT_AFTER_MS = 400;

/** Source: Docker Engine API, ContainerList. A container that was never started has no NetworkID. */
const listed = z.object({
  Id: z.string(),
  Names: z.array(z.string()),
  State: z.string(),
  NetworkSettings: z
    .object({ Networks: z.record(z.string(), z.object({ NetworkID: z.string(), EndpointID: z.string() })).nullish() })
    .nullish(),
});
type Listed = z.infer<typeof listed>;

/**
 * Finds out for which container Docker makes a call, while Docker waits for the answer to it.
 *
 * Docker holds a container from before the call until after it, and says nothing of one that it holds (`GET /containers/ID/json`), while
 * it lists all of them. So each container that answers is not the one. If all but one have answered, it is that one: certainly, as no
 * silence proves anything. If Docker starts several at once that may use the network, nobody can say which it is.
 *
 * Source: moby daemon/start.go, daemon/inspect.go, daemon/container_operations.go; observed on 20.10, 26 and 28.
 */
export class StartingContainer {
  readonly #api: EngineApi;
  readonly #candidatesFirstMs: number;
  /** Containers that have been asked about and have not answered, with the time of the first question. */
  readonly #silent = new Map<string, number>();
  /** When the list that Docker has not given yet was asked for. */
  #listingSinceMs: number | undefined;

  /** @param candidatesFirstMs how long the candidates are waited for before the list is asked for */
  constructor(api: EngineApi, candidatesFirstMs: number = CANDIDATES_FIRST_MS) {
    this.#api = api;
    this.#candidatesFirstMs = candidatesFirstMs;
  }

  /** The id of the container; undefined: it is no candidate, or not certain. Takes a second and a half at most. Never rejects. */
  async find(question: StartQuestion): Promise<string | undefined> {
    const beganMs = performance.now();
    if (this.#isListSilent() || (question.name === undefined && this.#isHopeless(question.candidates, beganMs)))
      return undefined;
    // What was asked since Docker made its call, once about each.
    const answers = new Map<string, Promise<boolean>>();
    const ask: Ask = (id) => {
      const answer = answers.get(id) ?? this.#answers(id);
      answers.set(id, answer);
      return answer;
    };
    const isOfMatter = question.name !== undefined || !(await this.#areFree(question.candidates, ask));
    if (!isOfMatter) return undefined;
    const all = await this.#list();
    if (all === undefined) return undefined;
    if (question.name !== undefined) return all.find(({ Names }) => Names.includes(`/${question.name}`))?.Id;
    const possible = possibleOf(all, question);
    if (this.#isHopeless(possible, beganMs)) return undefined;
    const { factor, leastMs, mostMs } = PATIENCE;
    const patienceMs = Math.min(Math.max(factor * (performance.now() - beganMs), leastMs), mostMs);
    return await lastSilent(possible, ask, patienceMs);
  }

  /** Whether it cannot be told which of them it is: they are too many, or Docker holds several. */
  #isHopeless(ids: readonly string[], nowMs: number): boolean {
    const held = ids.filter((id) => nowMs - (this.#silent.get(id) ?? nowMs) > HELD_AFTER_MS);
    return ids.length > MOST_ASKED || held.length > 1;
  }

  /** Whether all of them answer at once. */
  async #areFree(ids: readonly string[], ask: Ask): Promise<boolean> {
    const all = await within(this.#candidatesFirstMs, Promise.all(ids.map(ask)));
    return all?.every((isFree) => isFree) ?? false;
  }

  #isListSilent(): boolean {
    return this.#listingSinceMs !== undefined && performance.now() - this.#listingSinceMs > SILENT_AFTER_MS;
  }

  async #list(): Promise<readonly Listed[] | undefined> {
    const sinceMs = performance.now();
    this.#listingSinceMs ??= sinceMs;
    const listing = this.#api
      .list({ path: '/containers/json?all=1', what: 'containers' }, { element: listed, rest: z.tuple([]) })
      .then((list) => list?.elements)
      .catch(() => undefined)
      .finally(() => (this.#listingSinceMs = undefined));
    return await within(LIST_PATIENCE_MS, listing);
  }

  /** Whether Docker does not hold the container. Fulfilled when it has answered. */
  async #answers(id: string): Promise<boolean> {
    const sinceMs = performance.now();
    if (!this.#silent.has(id)) this.#silent.set(id, sinceMs);
    try {
      // One that is gone has answered as well.
      const { status } = await this.#api.ask({ path: `/containers/${id}/json`, what: 'containers' });
      return status === 200 || status === 404;
    } catch {
      return false;
    } finally {
      this.#silent.delete(id);
    }
  }
}

/** Asks Docker for a container; fulfilled when it has answered: whether it does not hold it. */
type Ask = (id: string) => Promise<boolean>;

/** The only one that does not answer. */
async function lastSilent(ids: readonly string[], ask: Ask, patienceMs: number): Promise<string | undefined> {
  const left = new Set(ids);
  if (left.size <= 1) return [...left][0];
  const isOneLeft = new Promise<void>((resolve) => {
    for (const id of ids) {
      void ask(id).then((isFree) => {
        if (isFree) left.delete(id);
        if (left.size <= 1) resolve();
      });
    }
  });
  await within(patienceMs, isOneLeft);
  return left.size === 1 ? [...left][0] : undefined;
}

/** The containers that Docker may be starting on the network, or connecting to it. Pure. */
function possibleOf(all: readonly Listed[], { networkId, hasEndpoint }: StartQuestion): string[] {
  const networksOf = ({ NetworkSettings }: Listed): [string, { NetworkID: string; EndpointID: string }][] =>
    Object.entries(NetworkSettings?.Networks ?? {});
  const names = new Set(
    all.flatMap((each) => networksOf(each).flatMap(([name, { NetworkID }]) => (NetworkID === networkId ? [name] : []))),
  );
  const isPossible = (container: Listed): boolean => {
    const networks = networksOf(container);
    const isUp = container.State === 'running' || container.State === 'paused';
    // A running one may be being connected, whatever networks it has.
    if (isUp) return !networks.some(([, on]) => on.NetworkID === networkId && hasEndpoint(on.EndpointID));
    if (container.State === 'restarting' || networks.length === 0) return true;
    return networks.some(([name, { NetworkID }]) => NetworkID === networkId || NetworkID === '' || names.has(name));
  };
  return all.filter(isPossible).map(({ Id }) => Id);
}

/** What is promised, or undefined when it takes longer. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const isOver = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
  try {
    return await Promise.race([promise, isOver]);
  } finally {
    clearTimeout(timer);
  }
}

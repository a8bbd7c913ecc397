import type { Message, Question } from '../message/read-message.ts';

/** What a client may have asked without an answer; the oldest is forgotten. */
const MOST_PER_CLIENT = 512;
/** Resolvers give up earlier: glibc after 3 tries of 5 s. */
const LIFE_MS = 30_000;

interface Asked {
  /** How often it was asked, less how often it was answered. */
  times: number;
  until: number;
}

/** The questions of clients that wait for an answer. */
export class OpenQuestions {
  readonly #byClient = new Map<string, Map<string, Asked>>();

  /** Remembers a question; `conversation` names both ends, with ports and protocol. */
  ask(client: string, conversation: string, message: Message, nowMs: number): void {
    const asked = this.#byClient.get(client) ?? new Map<string, Asked>();
    this.#byClient.set(client, asked);
    const key = keyOf(conversation, message);
    const before = asked.get(key);
    const times = before === undefined || before.until < nowMs ? 1 : before.times + 1;
    asked.delete(key);
    asked.set(key, { times, until: nowMs + LIFE_MS });
    if (asked.size <= MOST_PER_CLIENT) return;
    const [oldest = ''] = asked.keys();
    asked.delete(oldest);
  }

  /** Whether an answer is to a question that was asked, and not answered as often as asked. */
  answer(client: string, conversation: string, message: Message, nowMs: number): boolean {
    const asked = this.#byClient.get(client);
    const key = keyOf(conversation, message);
    const found = asked?.get(key);
    if (asked === undefined || found === undefined) return false;
    found.times -= 1;
    if (found.times === 0 || found.until < nowMs) asked.delete(key);
    return found.until >= nowMs;
  }

  /** Forgets a client. */
  forget(client: string): void {
    this.#byClient.delete(client);
  }
}

function keyOf(conversation: string, { id, questions }: Message): string {
  const list = questions.map(({ name, type }: Question) => `${name}/${type}`).sort();
  return `${conversation} ${id} ${list.join(' ')}`;
}

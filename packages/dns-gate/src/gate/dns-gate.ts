import { formatIp, parseIp } from '@routed/addresses';
import { type Message, readMessage } from '../message/read-message.ts';
import { resolvedAddresses } from '../message/resolved-addresses.ts';
import { patternsOf } from '../names/name-pattern.ts';
import { isPublicName } from '../names/public-suffix.ts';
import { type Packet, readPacket } from '../packet/read-packet.ts';
import { type Forbidden, forbidden } from './forbidden-addresses.ts';
import { OpenQuestions } from './open-questions.ts';
import { type Opened, OpenedAddresses } from './opened-addresses.ts';
import { TcpStreams } from './tcp-streams.ts';
import { ToldNames } from './told-names.ts';

/** Which way a packet goes: `asking` from the client to its resolver, `answering` back. */
export type Direction = 'asking' | 'answering';

/** An address to open for a client before the packet goes on, and for how long. */
export interface Opening extends Omit<Opened, 'untilMs'> {
  readonly timeoutSec: number;
}

/** An address that a listed name is said to have, and that stays closed. */
export interface ClosedAddress {
  readonly client: string;
  readonly name: string;
  readonly address: string;
  /** `too many`: the client has as many open as it may. */
  readonly reason: Forbidden | 'too many';
}

/** What a packet says. The packet may go on when the openings are done; nothing of it is ever a reason to drop it. */
export interface Finding {
  readonly openings: readonly Opening[];
  readonly closed: readonly ClosedAddress[];
}

/** What was counted since the gate was made. */
export interface GateCounters {
  /** Questions about listed names. */
  readonly questions: number;
  /** Answers to them. */
  readonly answers: number;
  /** Answers about listed names that nobody asked for: forged, late, or the question was not seen. */
  readonly unasked: number;
  /** Packets that are no readable DNS. */
  readonly unreadable: number;
  /** Addresses that stayed closed. */
  readonly closed: number;
}

/** How long addresses are open. */
export interface Lifetimes {
  /** Shorter TTLs count as this. @defaultValue 60 */
  readonly floorSec?: number;
  /** Longer TTLs count as this. @defaultValue 86,400 */
  readonly ceilingSec?: number;
  /** Added to each: for what clients begin just after the answer ran out. @defaultValue 60 */
  readonly graceSec?: number;
}

/** What a gate has to know. */
export interface GateDeps {
  /** Which names a client may reach; a gate reads nothing of a client without any. */
  readonly lists: (client: string) => NameList | undefined;
  /** Whether this host has an address, in canonical text. */
  readonly isOwn: (address: string) => boolean;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
}

/** The names of one client, as `parseNamePattern` gives them. */
export interface NameList {
  has(pattern: string): boolean;
}

const NOTHING: Finding = { openings: [], closed: [] };

/**
 * Reads what clients and their resolvers say to each other, and says which addresses to open before an answer goes on.
 *
 * An answer counts only if it is to a question of the client: same ends, same id, same questions, not answered yet. The addresses
 * are those that the listed name leads to, by other names of it (CNAME) too; nothing else in the answer counts. The state is in
 * memory, and bounded for each client.
 */
export class DnsGate {
  readonly #deps: GateDeps;
  readonly #lifetimes: Required<Lifetimes>;
  readonly #questions = new OpenQuestions();
  readonly #streams = new TcpStreams();
  readonly #opened = new OpenedAddresses();
  readonly #told = new ToldNames();
  readonly #counters = { questions: 0, answers: 0, unasked: 0, unreadable: 0, closed: 0 };

  constructor(deps: GateDeps, { floorSec = 60, ceilingSec = 86_400, graceSec = 60 }: Lifetimes = {}) {
    this.#deps = deps;
    this.#lifetimes = { floorSec, ceilingSec, graceSec };
  }

  get counters(): GateCounters {
    return { ...this.#counters };
  }

  /** Reads one packet from its IP header on; any bytes may be given. The bytes are not kept. */
  read(client: string, direction: Direction, bytes: Uint8Array): Finding {
    const list = this.#deps.lists(client);
    if (list === undefined) return NOTHING;
    const packet = readPacket(bytes);
    if (packet === undefined) return this.#unreadable();
    const findings = this.#messages(client, direction, packet).map((message) => {
      const read = readMessage(message);
      return read === undefined ? this.#unreadable() : this.#judge(client, direction, packet, read, list);
    });
    const [first = NOTHING, ...more] = findings;
    if (more.length === 0) return first;
    return {
      openings: findings.flatMap(({ openings }) => openings),
      closed: findings.flatMap(({ closed }) => closed),
    };
  }

  /** Openings are done: answers with the same addresses need not wait for them again, as long as they last. */
  confirm(openings: readonly Opening[]): void {
    const nowMs = this.#deps.nowMs();
    for (const { timeoutSec, ...entry } of openings) {
      this.#opened.add({ ...entry, untilMs: nowMs + timeoutSec * 1000 });
    }
  }

  /** What is open, and how long still: of one client, or of all. */
  openings(client?: string): Opening[] {
    const nowMs = this.#deps.nowMs();
    return Array.from(this.#opened.list(nowMs, client), ({ untilMs, ...entry }) => ({
      ...entry,
      timeoutSec: Math.ceil((untilMs - nowMs) / 1000),
    }));
  }

  /**
   * What a client asked for when it was last told of an address, canonical text, whether or not it may reach that; undefined: nobody told
   * it. For people: that it had asked is not verified for names that are not listed.
   */
  nameOf(client: string, address: string): string | undefined {
    return this.#told.of(client, address);
  }

  /** The client is gone: nothing is known of it. */
  forget(client: string): void {
    this.forgetOpenings(client);
    this.#told.forget(client);
  }

  /** The client's list is another: nothing is open for it. */
  forgetOpenings(client: string): void {
    this.#opened.forget(client);
    this.#questions.forget(client);
    this.#streams.forget(client);
  }

  #messages(client: string, direction: Direction, packet: Packet): readonly Uint8Array[] {
    const { tcp, payload } = packet;
    if (tcp === undefined) return [payload];
    return this.#streams.messages(client, `${direction} ${conversationOf(direction, packet)}`, tcp, payload);
  }

  #judge(client: string, direction: Direction, packet: Packet, message: Message, list: NameList): Finding {
    if (message.isAnswer && direction === 'answering') this.#noteNames(client, message);
    const listed = message.questions.flatMap(({ name }) => patternsOf(name).filter((pattern) => list.has(pattern)));
    if (listed.length === 0) return NOTHING;
    const conversation = conversationOf(direction, packet);
    if (message.isAnswer !== (direction === 'answering')) return this.#unreadable();
    if (direction === 'asking') {
      this.#counters.questions += 1;
      this.#questions.ask(client, conversation, message, this.#deps.nowMs());
      return NOTHING;
    }
    if (!this.#questions.answer(client, conversation, message, this.#deps.nowMs())) {
      this.#counters.unasked += 1;
      return NOTHING;
    }
    this.#counters.answers += 1;
    return this.#sort(client, message, list);
  }

  #noteNames(client: string, { questions, records }: Message): void {
    for (const question of questions) {
      for (const { address: text } of resolvedAddresses(question, records)) {
        const ip = parseIp(text);
        if (ip !== undefined) this.#told.note(client, formatIp(ip.bytes), question.name);
      }
    }
  }

  /** The addresses of an answer that counts: those to open, and those that stay closed. */
  #sort(client: string, { questions, records }: Message, list: NameList): Finding {
    const nowMs = this.#deps.nowMs();
    const openings: Opening[] = [];
    const closed: ClosedAddress[] = [];
    for (const question of questions) {
      const { name } = question;
      const isPublic = isPublicName(name);
      for (const { address: text, ttlSec } of resolvedAddresses(question, records)) {
        const ip = parseIp(text);
        if (ip === undefined) continue;
        const address = formatIp(ip.bytes);
        const reason = forbidden(ip.bytes, isPublic, this.#deps.isOwn);
        const isFull = reason === undefined && this.#opened.isFull(client, nowMs);
        if (reason !== undefined || isFull) closed.push({ client, name, address, reason: reason ?? 'too many' });
        else openings.push(...this.#openings({ client, name, address }, ttlSec, list, nowMs));
      }
    }
    this.#counters.closed += closed.length;
    return { openings, closed };
  }

  /** One for each pattern that matches, unless it is open for long enough. */
  #openings(
    entry: Pick<Opening, 'client' | 'name' | 'address'>,
    ttlSec: number,
    list: NameList,
    nowMs: number,
  ): Opening[] {
    const { floorSec, ceilingSec, graceSec } = this.#lifetimes;
    const lifeSec = Math.min(Math.max(ttlSec, floorSec), ceilingSec);
    return patternsOf(entry.name)
      .filter((pattern) => list.has(pattern))
      .filter((pattern) => this.#opened.until(entry.client, pattern, entry.address) < nowMs + lifeSec * 1000)
      .map((pattern) => ({ ...entry, pattern, timeoutSec: lifeSec + graceSec }));
  }

  #unreadable(): Finding {
    this.#counters.unreadable += 1;
    return NOTHING;
  }
}

/** Both ends, the client's first, and the protocol. */
function conversationOf(direction: Direction, packet: Packet): string {
  const { source, sourcePort, destination, destinationPort, tcp } = packet;
  const ends = [`${formatIp(source)} ${sourcePort}`, `${formatIp(destination)} ${destinationPort}`];
  if (direction === 'answering') ends.reverse();
  return `${tcp === undefined ? 'udp' : 'tcp'} ${ends.join(' ')}`;
}

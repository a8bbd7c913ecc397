import type { ClosedAddress, Direction, DnsGate, Opening } from './dns-gate.ts';

/** A packet that waits, as `PacketQueue` of \@routed/netfilter hands it over. */
export interface WaitingPacket {
  readonly id: number;
  readonly hook: string;
  readonly inLink: number;
  readonly outLink: number;
  readonly mark: number;
  /** A view, valid until the listener returns. */
  readonly bytes: Uint8Array;
}

/** What becomes of one. */
interface Verdict {
  readonly id: number;
  readonly verdict: 'accept';
  readonly mark?: number;
}

/** What a gate needs of a queue: `PacketQueue` of \@routed/netfilter. */
export interface GateQueue {
  on(event: 'packets', listener: (packets: readonly WaitingPacket[]) => void): unknown;
  decide(verdicts: readonly Verdict[]): void;
}

/** What {@link attachGate} puts together. */
export interface AttachedGate {
  readonly gate: DnsGate;
  readonly queue: GateQueue;
  /** The client that a link leads to, by the link's index; undefined for other links. */
  readonly clientOf: (link: number) => string | undefined | Promise<string | undefined>;
  /**
   * Opens addresses in the kernel; the answers wait for it. One call is under way at a time, with all that came meanwhile. What it
   * rejects with is reported, and the answers go on: what they name stays closed.
   */
  readonly open: (openings: readonly Opening[]) => Promise<void>;
  readonly onClosed?: (closed: readonly ClosedAddress[]) => void;
  readonly onError: (error: unknown) => void;
  /** Bits taken from the marks of packets, by which they came to the queue. @defaultValue 0 */
  readonly mark?: number;
}

interface Held {
  readonly verdict: Verdict;
  readonly openings: readonly Opening[];
}

/**
 * Has a gate read the packets of a queue. Every packet goes on, an answer when what it names is open.
 *
 * Questions are those stopped before routing (`prerouting`), answers those after it (`postrouting`).
 */
export function attachGate(attached: AttachedGate): void {
  const attendant = new Attendant(attached);
  attached.queue.on('packets', (packets) => attendant.read(packets));
}

/** Stands between a gate and a queue. */
class Attendant {
  readonly #attached: AttachedGate;
  #held: Held[] = [];
  #isOpening = false;

  constructor(attached: AttachedGate) {
    this.#attached = attached;
  }

  read(packets: readonly WaitingPacket[]): void {
    const verdicts: Verdict[] = [];
    for (const packet of packets) {
      const client = this.#attached.clientOf(directionOf(packet) === 'asking' ? packet.inLink : packet.outLink);
      if (client instanceof Promise) void this.#readLater(packet, client);
      else verdicts.push(...this.#judge(packet, client, packet.bytes));
    }
    this.#decide(verdicts);
    void this.#openHeld();
  }

  async #readLater(packet: WaitingPacket, finding: Promise<string | undefined>): Promise<void> {
    const bytes = new Uint8Array(packet.bytes);
    const client = await finding.catch((error: unknown): undefined => {
      this.#attached.onError(error);
    });
    this.#decide(this.#judge(packet, client, bytes));
    await this.#openHeld();
  }

  /** What becomes of a packet at once; nothing for one that is held. */
  #judge(packet: WaitingPacket, client: string | undefined, bytes: Uint8Array): Verdict[] {
    const { gate, onClosed, mark = 0 } = this.#attached;
    const verdict = verdictOn(packet, mark);
    if (client === undefined) return [verdict];
    const { openings, closed } = gate.read(client, directionOf(packet), bytes);
    if (closed.length > 0) onClosed?.(closed);
    if (openings.length === 0) return [verdict];
    this.#held.push({ verdict, openings });
    return [];
  }

  async #openHeld(): Promise<void> {
    if (this.#isOpening) return;
    this.#isOpening = true;
    while (this.#held.length > 0) {
      const batch = this.#held;
      this.#held = [];
      const openings = batch.flatMap((each) => each.openings);
      try {
        await this.#attached.open(openings);
        this.#attached.gate.confirm(openings);
      } catch (error) {
        this.#attached.onError(error);
      }
      this.#decide(batch.map(({ verdict }) => verdict));
    }
    this.#isOpening = false;
  }

  #decide(verdicts: readonly Verdict[]): void {
    if (verdicts.length === 0) return;
    try {
      this.#attached.queue.decide(verdicts);
    } catch (error) {
      this.#attached.onError(error);
    }
  }
}

function directionOf({ hook }: WaitingPacket): Direction {
  return hook === 'prerouting' ? 'asking' : 'answering';
}

function verdictOn({ id, mark }: WaitingPacket, bits: number): Verdict {
  return (mark & bits) === 0 ? { id, verdict: 'accept' } : { id, verdict: 'accept', mark: (mark & ~bits) >>> 0 };
}

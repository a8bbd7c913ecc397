import { join } from 'node:path';
import { expect } from 'chai';
import type { Host, LabProcess } from '@routed/lab';
import { eventually } from '../support/eventually.ts';

/** Where an {@link echoServer} listens. */
const echoPort = '7';

const pingIntervalSec = '0.01';
/** TCP repeats what was lost after pauses that double: a second of silence may cost another two. */
const flowsWithinMs = 30_000;

/** A container which sends back what it gets by TCP, and ends at SIGTERM. */
export const echoServer = [
  'alpine',
  'sh',
  '-c',
  `trap "exit 0" TERM; nc -ll -p ${echoPort} -e cat & while :; do sleep 1000 & wait $!; done`,
];

/** What became of the traffic. */
export interface TrafficReport {
  /** The sequence numbers that were not answered, of those before the last that was. */
  readonly lostPings: readonly number[];
  /** The longest time from one answer to the next, where pings in between were lost. */
  readonly longestSilenceMs: number;
  /** Whether the connection is open still. */
  readonly isConnected: boolean;
  /** Lines that came back otherwise than they were sent. */
  readonly brokenLines: readonly string[];
}

/** One ping that was answered. */
interface Answer {
  readonly sequence: number;
  readonly atMs: number;
}

let count = 0;

/** 100 pings and 100 lines of one TCP connection a second, from a host to a container and back. */
export class Traffic {
  readonly #pings: LabProcess;
  readonly #stream: LabProcess;

  private constructor(pings: LabProcess, stream: LabProcess) {
    this.#pings = pings;
    this.#stream = stream;
  }

  /** Returns when both flow. */
  static async start(from: Host, address: string): Promise<Traffic> {
    await untilEchoed(from, address);
    count += 1;
    const [pings, stream] = await Promise.all([
      from.spawn(['ping', '-D', '-i', pingIntervalSec, address], { name: `pings-${count}` }),
      from.spawn([process.execPath, join(import.meta.dirname, 'stream.mjs'), address, echoPort], {
        name: `stream-${count}`,
      }),
    ]);
    const traffic = new Traffic(pings, stream);
    await traffic.flows(50);
    return traffic;
  }

  /** Waits for so many more pings and lines to come back. */
  async flows(more: number): Promise<void> {
    const [pings, lines] = [(await this.#answers()).length + more, (await this.#lines()).length + more];
    await eventually(async () => {
      expect((await this.#answers()).length, 'answered pings').to.be.at.least(pings);
      if (!this.#stream.hasExited) expect((await this.#lines()).length, 'echoed lines').to.be.at.least(lines);
    }, flowsWithinMs);
  }

  async end(): Promise<TrafficReport> {
    const isConnected = !this.#stream.hasExited;
    await Promise.all([this.#pings.stop('SIGINT'), this.#stream.stop('SIGKILL')]);
    const answers = await this.#answers();
    const answered = new Set(answers.map(({ sequence }) => sequence));
    const last = Math.max(0, ...answered);
    const lines = await this.#lines();
    return {
      lostPings: Array.from({ length: last }, (_, index) => index + 1).filter((sequence) => !answered.has(sequence)),
      longestSilenceMs: longestSilence(answers),
      isConnected,
      brokenLines: lines.filter((line, index) => line !== String(index + 1)),
    };
  }

  async #answers(): Promise<Answer[]> {
    const log = await this.#pings.log();
    return Array.from(log.matchAll(/^\[([\d.]+)\] \d+ bytes from .*icmp_seq=(\d+)/gm), ([, sec, sequence]) => ({
      sequence: Number(sequence),
      atMs: Number(sec) * 1000,
    }));
  }

  /** The whole ones. */
  async #lines(): Promise<string[]> {
    return (await this.#stream.log()).split('\n').slice(0, -1);
  }
}

function longestSilence(answers: readonly Answer[]): number {
  const silences = answers.map(({ sequence, atMs }, index) => {
    const before = answers[index - 1] ?? { sequence: 0, atMs };
    return sequence === before.sequence + 1 ? 0 : atMs - before.atMs;
  });
  return Math.max(0, ...silences);
}

/** The server listens, and the neighbour is known. */
export async function untilEchoed(from: Host, address: string): Promise<void> {
  await eventually(async () => {
    const argv = ['busybox', 'timeout', '2', 'busybox', 'nc', address, echoPort];
    const { stdout } = await from.exec(argv, { input: 'ready\n', check: false });
    expect(stdout).to.equal('ready\n');
  }, flowsWithinMs);
}

import { Worker } from 'node:worker_threads';

/** Longer than any input may take, also on a machine that is busy with other things. */
const SILENCE_MS = 20_000;

/** Looks at the counter from outside of the event loop: a loop without end stops everything in it. */
const WATCH = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const beats = new Int32Array(workerData.shared, 0, 1);
const label = new Uint8Array(workerData.shared, 4);
let seen = -1;
let since = Date.now();
setInterval(() => {
  const now = Atomics.load(beats, 0);
  if (now !== seen) { seen = now; since = Date.now(); return; }
  if (Date.now() - since < workerData.silenceMs) return;
  const text = Buffer.from(label.slice(0, label.indexOf(0))).toString();
  writeSync(2, 'fuzz: an input does not end: ' + text + '\\n');
  process.kill(process.pid, 'SIGKILL');
}, 1000).unref();
`;
const LABEL_BYTES = 252;

/** Ends the process, and says what it did last, when an input never ends. */
export class Watchdog {
  readonly #beats: Int32Array;
  readonly #label: Uint8Array;
  readonly #worker: Worker;

  constructor() {
    const shared = new SharedArrayBuffer(4 + LABEL_BYTES);
    this.#beats = new Int32Array(shared, 0, 1);
    this.#label = new Uint8Array(shared, 4);
    this.#worker = new Worker(WATCH, { eval: true, workerData: { shared, silenceMs: SILENCE_MS }, execArgv: [] });
    this.#worker.unref();
  }

  /** What comes now. */
  announce(label: string): void {
    this.#label.fill(0);
    this.#label.set(Buffer.from(label).subarray(0, LABEL_BYTES - 1));
    this.beat();
  }

  /** Another input is begun. */
  beat(): void {
    Atomics.add(this.#beats, 0, 1);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

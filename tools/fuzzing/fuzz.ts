import { Worker } from 'node:worker_threads';
import fc from 'fast-check';

/** Something that reads what comes from outside. */
export interface FuzzTarget<Input = unknown> {
  readonly name: string;
  readonly input: fc.Arbitrary<Input>;
  /** Its part of the inputs: those that take long get few. */
  readonly weight: number;
  /** Makes one for the next inputs. */
  open(): Promise<OpenTarget<Input>>;
}

/** A target that can be fed. */
export interface OpenTarget<Input> {
  /** Throws, or rejects, for what must not happen: an error that is none of ours. */
  feed(input: Input): void | Promise<void>;
  close?(): Promise<void>;
}

/** A target that keeps nothing from one input to the next. */
export function target<Input>(made: Omit<FuzzTarget<Input>, 'open'> & OpenTarget<Input>): FuzzTarget {
  return { ...made, open: () => Promise.resolve(made) } satisfies FuzzTarget<Input>;
}

/** Inputs between two openings: what they delete is missing for the rest. */
const INPUTS_PER_OPENING = 250;
/** How long one input may take, unless told otherwise. */
const HANG_MS = 1_000;
/** Longer than any input may take, also on a machine that is busy with other things. */
const SILENCE_MS = 20_000;

/** Feeds a target until an input fails, as a property of fast-check. */
export async function fuzz(
  subject: FuzzTarget,
  parameters: fc.Parameters<[unknown]>,
  hangMs = HANG_MS,
): Promise<fc.RunDetails<[unknown]>> {
  let opened: Promise<OpenTarget<unknown>> | undefined;
  let inputs = 0;
  using watchdog = new Watchdog(subject.name);
  const property = fc.asyncProperty(subject.input, async (value) => {
    watchdog.beat();
    if (inputs++ % INPUTS_PER_OPENING === 0) {
      await (await opened)?.close?.();
      opened = subject.open();
    }
    // A pause of the whole machine is no hang: what took long is tried again.
    if ((await timed(opened, value)) < hangMs) return;
    const ms = await timed(opened, value);
    if (ms >= hangMs) throw new Error(`took ${Math.round(ms)} ms`);
  });
  try {
    return await fc.check(property, { timeout: SILENCE_MS / 2, ...parameters });
  } finally {
    await (await opened)?.close?.();
  }
}

async function timed(opened: Promise<OpenTarget<unknown>> | undefined, input: unknown): Promise<number> {
  const open = await opened;
  const started = performance.now();
  await open?.feed(input);
  return performance.now() - started;
}

/** Looks from outside of the event loop: a loop without end stops everything in it. */
const WATCH = `
const { workerData: { beats, name, silenceMs } } = require('node:worker_threads');
for (let seen = -1; Atomics.load(beats, 0) !== seen; Atomics.wait(beats, 0, seen, silenceMs)) seen = Atomics.load(beats, 0);
require('node:fs').writeSync(2, 'fuzz: an input of ' + name + ' does not end\\n');
process.kill(process.pid, 'SIGKILL');
`;

/** Ends the process when an input never ends. */
export class Watchdog implements Disposable {
  readonly #beats = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  constructor(name: string, silenceMs = SILENCE_MS) {
    this.#worker = new Worker(WATCH, { eval: true, workerData: { beats: this.#beats, name, silenceMs }, execArgv: [] });
    this.#worker.unref();
  }

  /** Another input begins. */
  beat(): void {
    Atomics.add(this.#beats, 0, 1);
  }

  [Symbol.dispose](): void {
    void this.#worker.terminate();
  }
}

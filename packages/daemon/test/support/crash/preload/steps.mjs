import { writeSync } from 'node:fs';

/**
 * The steps of the daemon: each is a change of the store, of the kernel or of a file. They are counted from `arm` on, and at the one
 * that was asked for the process is killed, before it or after it.
 */
let names = [];
let target = { step: Infinity, phase: 'before' };

/** Counts from now on, and kills this process `phase` the step of this number, the first being 1. */
export function arm({ step, phase }) {
  names = [];
  target = { step: step ?? Infinity, phase };
}

/** The steps since the last `arm`. */
export function stepNames() {
  return names;
}

/** Carries a step out. */
export async function step(name, perform) {
  const number = begin(name);
  const result = await perform();
  end(number);
  return result;
}

/** The step begins: the process may end here. */
export function begin(name) {
  const number = names.push(name);
  if (isTarget(number, 'before')) die(`before step ${number}, ${name}`);
  return number;
}

/** The step is done: the process may end here. */
export function end(number) {
  if (isTarget(number, 'after')) die(`after step ${number}, ${names[number - 1]}`);
}

/** Whether the next step but `ahead` is the one, and which side of it. */
export function phaseOf(ahead) {
  return names.length + 1 + ahead === target.step ? target.phase : undefined;
}

function isTarget(number, phase) {
  return number === target.step && phase === target.phase;
}

/** As by a power button: nothing is flushed, closed or answered. */
export function die(where) {
  writeSync(2, `killed ${where}\n`);
  process.kill(process.pid, 'SIGKILL');
}

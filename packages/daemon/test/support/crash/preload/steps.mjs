import { writeSync } from 'node:fs';

/**
 * The steps of the daemon: each is a change of the store, of the kernel or of a file. They are counted from `arm` on, and at the one
 * that was asked for the process is killed, before it or after it.
 */
let names = [];
let target = {};

/** Counts from now on, and kills this process `phase` the step of this number, the first being 1, or the first of this name. */
export function arm({ step, name, phase }) {
  names = [];
  target = { step, name, phase };
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
  if (isTarget(number, name, 'before')) die(`before step ${number}, ${name}`);
  return number;
}

/** The step is done: the process may end here. */
export function end(number) {
  const name = names[number - 1];
  if (isTarget(number, name, 'after')) die(`after step ${number}, ${name}`);
}

/** Which side of the step that is `ahead` of the next one is the end; undefined: neither. */
export function phaseOf(name, ahead) {
  return isTarget(names.length + 1 + ahead, name, target.phase) ? target.phase : undefined;
}

function isTarget(number, name, phase) {
  return phase === target.phase && (number === target.step || name === target.name);
}

/** As by a power button: nothing is flushed, closed or answered. */
export function die(where) {
  writeSync(2, `killed ${where}\n`);
  process.kill(process.pid, 'SIGKILL');
}

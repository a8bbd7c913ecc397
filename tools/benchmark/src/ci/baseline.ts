import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeMachine } from '../process/machine.ts';
import type { Ratios } from './measure-ratios.ts';

const path = join(import.meta.dirname, '../../baseline.json');

/** The ratios that the repository stands by, and the machine that they were measured on. */
interface Baseline {
  readonly machine: string;
  readonly ratios: Ratios;
}

export async function readBaseline(): Promise<Baseline> {
  return JSON.parse(await readFile(path, 'utf8')) as Baseline;
}

/** Replaces the baseline, to be committed with the change that it follows from. */
export async function writeBaseline(ratios: Ratios): Promise<void> {
  const { cpu, cpus, kernel, node } = describeMachine();
  const rounded = Object.fromEntries(
    Object.entries(ratios).map(([name, ratio]) => [name, Number(ratio.toPrecision(3))]),
  );
  const content = { machine: `${cpus} x ${cpu}, Linux ${kernel.split('-')[0]}, Node ${node}`, ratios: rounded };
  await writeFile(path, `${JSON.stringify(content, undefined, 2)}\n`);
}

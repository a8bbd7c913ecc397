import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeMachine } from '../process/machine.ts';
import type { RatioName, Ratios } from './measure-ratios.ts';

const path = join(import.meta.dirname, '../../baseline.json');

/**
 * The ratios that the repository stands by, and the machine that they were measured on. They differ between kinds of processors
 * although each is to a floor of the same run: system calls and JavaScript do not grow slower alike.
 */
interface Baseline {
  readonly cpu: string;
  readonly machine: string;
  readonly ratios: Ratios;
}

/** That of this kind of processor; of the kinds that are known, the highest ratios, where this one is not. */
export async function readBaseline(): Promise<Baseline> {
  const known = await readAll();
  const { cpu } = describeMachine();
  const [first, ...others] = known;
  if (first === undefined) throw new Error(`${path} has no baseline: record one with tools/bench ci --record`);
  const highest = others.reduce(
    (ratios, other) => mapRatios(ratios, (name, ratio) => Math.max(ratio, other.ratios[name])),
    first.ratios,
  );
  return (
    known.find((baseline) => baseline.cpu === cpu) ?? {
      cpu,
      machine: `the highest of ${known.map(({ machine }) => machine).join('; ')}`,
      ratios: highest,
    }
  );
}

/** Replaces the baseline of this kind of processor, to be committed with the change that it follows from. */
export async function writeBaseline(ratios: Ratios): Promise<void> {
  const { cpu, cpus, kernel, node } = describeMachine();
  const mine = {
    cpu,
    machine: `${cpus} x ${cpu}, Linux ${kernel.split('-')[0] ?? kernel}, Node ${node}`,
    ratios: mapRatios(ratios, (_, ratio) => Number(ratio.toPrecision(3))),
  };
  const others = (await readAll()).filter((baseline) => baseline.cpu !== cpu);
  await writeFile(path, `${JSON.stringify([...others, mine], undefined, 2)}\n`);
}

async function readAll(): Promise<readonly Baseline[]> {
  return JSON.parse(await readFile(path, 'utf8')) as readonly Baseline[];
}

function mapRatios(ratios: Ratios, map: (name: RatioName, ratio: number) => number): Ratios {
  const entries = Object.entries(ratios) as [RatioName, number][];
  return Object.fromEntries(entries.map(([name, ratio]) => [name, map(name, ratio)])) as Record<RatioName, number>;
}

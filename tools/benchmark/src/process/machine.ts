import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem } from 'node:os';

/** Where figures were measured; without it they mean nothing. */
export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly architecture: string;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly distribution: string;
  readonly node: string;
  /** Of the last minute, when the benchmark began: other work makes every figure worse. */
  readonly load: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: cpus().length,
    architecture: arch(),
    memoryMb: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    distribution: /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    node: process.version,
    load: loadavg()[0] ?? 0,
  };
}

/** One line. */
export function renderMachine({ cpu, cpus, kernel, distribution, node, load }: Machine): string {
  return `${cpus} x ${cpu}, Linux ${kernel}, ${distribution}, Node ${node}, load ${load.toFixed(1)}`;
}

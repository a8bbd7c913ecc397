import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel knows of a process. Source: proc(5). */
export interface ProcessFigures {
  readonly residentMb: number;
  /** The most that it ever was. */
  readonly peakMb: number;
  readonly cpuSeconds: number;
  /** Page faults of children that it waited for: every program it runs causes some. */
  readonly childFaults: number;
}

/** Source: getconf CLK_TCK; the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Field numbers of /proc/PID/stat, counted from its third, `state`. */
const FIELD = { childMinorFaults: 11 - 3, userTicks: 14 - 3, systemTicks: 15 - 3 } as const;

/** @param proc of the pid namespace that the number is from */
export function readProcess(pid: number, proc = '/proc'): ProcessFigures {
  const stat = readFileSync(`${proc}/${pid}/stat`, 'utf8');
  // The command name may hold blanks and brackets: count from the last bracket.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const { childMinorFaults, userTicks, systemTicks } = FIELD;
  const status = readFileSync(`${proc}/${pid}/status`, 'utf8');
  const megabytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
  return {
    residentMb: megabytes('VmRSS'),
    peakMb: megabytes('VmHWM'),
    cpuSeconds: ((fields[userTicks] ?? 0) + (fields[systemTicks] ?? 0)) / TICKS_PER_SECOND,
    childFaults: fields[childMinorFaults] ?? 0,
  };
}

/**
 * Megabytes of a process's memory, with what it shares divided among those who share it. Reading it takes milliseconds.
 * Source: proc(5) `smaps_rollup`.
 */
export function readProportionalMb(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) / 1024;
}

/** How many file descriptors it has open. */
export function countDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

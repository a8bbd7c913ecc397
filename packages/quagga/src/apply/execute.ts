import type { Change } from '../plan/change.ts';
import { commandsOf, planChanges } from '../plan/plan.ts';
import { redactLine, redactText } from '../text/redact.ts';
import { type DaemonLines, readRunning, type RunningConfig } from '../vty/running.ts';

/** A line that a daemon refused, safe to show. */
export interface Refusal {
  readonly line: string;
  readonly answer: string;
}

/** Some lines change others (an address family appears, a timer follows another), so what is left is planned anew. */
const PASSES = 3;
const REFUSED = 2;

export function describeChange(change: Change): string {
  const where = [change.daemon, ...change.path].join(' / ');
  const lines = [
    change.before === undefined ? [] : [`- ${redactLine(change.before)}`],
    change.after === undefined ? [] : [`+ ${redactLine(change.after)}`],
  ];
  return `${where}: ${lines.flat().join(' ')}`;
}

async function execute(daemons: DaemonLines, changes: readonly Change[]): Promise<Refusal[]> {
  const refused: Refusal[] = [];
  for (const change of changes) {
    const line = daemons.get(change.daemon);
    if (line === undefined) continue;
    for (const command of commandsOf(change)) {
      const reply = await line.command(command);
      if (reply.status >= REFUSED) refused.push({ line: redactLine(command), answer: redactText(reply.text) });
    }
  }
  return refused;
}

/** Brings the running daemons to `desired`; returns what stood in the way, nothing when it was reached. */
export async function converge(
  daemons: DaemonLines,
  desired: RunningConfig,
): Promise<{ left: readonly Change[]; refused: readonly Refusal[] }> {
  let refused: Refusal[] = [];
  for (let pass = 0; pass < PASSES; pass++) {
    const changes = planChanges(await readRunning(daemons), desired);
    if (changes.length === 0) return { left: [], refused: [] };
    refused = await execute(daemons, changes);
  }
  return { left: planChanges(await readRunning(daemons), desired), refused };
}

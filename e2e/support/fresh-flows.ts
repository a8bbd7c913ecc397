import type { Host } from '@routed/lab';
import { eventually } from './eventually.ts';

/** What became of new connections, one every 5 ms of each kind. */
export interface FreshFlows {
  readonly sent: number;
  /** Answered by the address itself: pings, and UDP packets to a port where nobody listens. */
  readonly pings: number;
  readonly ports: number;
  /** Refused by a firewall, or without a way. */
  readonly refused: number;
  /** When the first of them were answered, in seconds since 1970. */
  readonly at: readonly number[];
}

let count = 0;

/** Begins to try new connections to an address from a host; the function returned ends that and says what became of them. */
export async function tryFreshFlows(host: Host, address: string): Promise<() => Promise<FreshFlows>> {
  count += 1;
  // What is tried is the firewall, and not how long a busy machine keeps the program waiting.
  const argv = ['nice', '-n', '-20', 'perl', `${import.meta.dirname}/fresh-flows.pl`, address];
  const program = await host.spawn(argv, { name: `fresh-flows-${count}` });
  await eventually(async () => {
    if (!(await program.log()).includes('ready')) throw new Error(`it does not start: ${await program.log()}`);
  });
  return async () => {
    await program.stop('SIGTERM');
    const last = (await program.log()).trim().split('\n').at(-1) ?? '';
    return JSON.parse(last) as FreshFlows;
  };
}

import { LabError } from './errors.ts';
import type { Host } from './host.ts';
import { waitUntil } from './unix-http.ts';

/** A hundred pings a second to an address, until it is stopped. */
export interface AnswerWatch {
  /**
   * Waits for one more answer.
   * @returns milliseconds of the longest time between two answers
   * @throws {@link LabError} `timeout`
   */
  stop(): Promise<number>;
}

const answerTimeoutMs = 10_000;
let count = 0;

/**
 * Starts to ping, and returns when the first answer has come.
 * @param containerPid the pid, as the host's engine knows it, of a container that pings; without it the host does
 * @throws {@link LabError} `timeout`
 */
export async function watchAnswers(host: Host, to: string, containerPid?: string): Promise<AnswerWatch> {
  count += 1;
  const enter = containerPid === undefined ? [] : ['nsenter', '--target', containerPid, '--net', '--'];
  // What is measured is the network, and not how long a busy machine keeps ping waiting.
  const argv = ['nice', '-n', '-20', ...enter, 'ping', '-D', '-n', '-i', '0.01', '-W', '1', to];
  const ping = await host.spawn(argv, { name: `ping-${count}` });
  const times = async (): Promise<readonly number[]> => answerTimes(await ping.log());
  const untilMoreThan = async (known: number): Promise<void> => {
    const hasMore = async (): Promise<boolean> => (await times()).length > known;
    if (await waitUntil(hasMore, () => ping.hasExited, answerTimeoutMs)) return;
    throw new LabError('timeout', `${host.name} gets no answer from ${to}: ${(await ping.log()).slice(-500)}`);
  };
  await untilMoreThan(0);
  return {
    async stop() {
      await untilMoreThan((await times()).length);
      await ping.stop('SIGINT');
      const all = await times();
      return Math.max(...all.slice(1).map((at, index) => at - (all[index] ?? at)));
    },
  };
}

/** In milliseconds, of every answer in ping's output. */
function answerTimes(log: string): readonly number[] {
  return Array.from(log.matchAll(/^\[(\d+\.\d+)\].* bytes from/gm), ([, at]) => Number(at) * 1_000);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { WireClient } from './wire-client.ts';

const pollMs = 2;

/** Returns when the plugin has answered Activate at a socket that need not be there yet. */
export async function untilAnswered(socketPath: string): Promise<void> {
  const client = await firstConnection(socketPath);
  await client.call('Plugin.Activate');
  client.close();
}

async function firstConnection(socketPath: string): Promise<WireClient> {
  for (;;) {
    try {
      return await WireClient.connect(socketPath);
    } catch {
      await sleep(pollMs);
    }
  }
}

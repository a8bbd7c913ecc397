import type { NetlinkMessage } from '../codec/reader.ts';
import type { Channel, Purpose } from './channel.ts';
import { kernelError } from './kernel-error.ts';

/** A request that waits to be sent with others. */
export interface Waiting {
  readonly message: Uint8Array;
  readonly purpose: Purpose;
  readonly onReply?: ((reply: NetlinkMessage) => void) | undefined;
  /** Settles the request: without an error it is done. */
  readonly settle: (error?: Error) => void;
}

/** So many short requests together take no longer than one that is made on the event loop may. */
const BRIEF = 16;

function lockOf(requests: readonly Waiting[]): 'brief' | undefined {
  const isBrief = requests.length <= BRIEF && requests.every(({ purpose }) => purpose.lock !== undefined);
  return isBrief ? 'brief' : undefined;
}

/** Sends requests in few system calls and settles each on its own; never rejects. */
export async function sendTogether(channel: Pick<Channel, 'batch'>, requests: readonly Waiting[]): Promise<void> {
  if (requests.length === 0) return;
  const errors = new Map<Waiting, Error>();
  try {
    const failures = await channel.batch(
      requests.map(({ message }) => message),
      { onReply: (reply, index) => requests[index]?.onReply?.(reply), lock: lockOf(requests) },
    );
    for (const { index, ack } of failures) {
      const request = requests[index];
      if (request !== undefined) errors.set(request, kernelError(ack, request.purpose, request.message));
    }
  } catch (error) {
    for (const request of requests) errors.set(request, error as Error);
  }
  for (const request of requests) request.settle(errors.get(request));
}

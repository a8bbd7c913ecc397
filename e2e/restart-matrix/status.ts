import type { Host } from '@routed/lab';
import { eventually } from '../support/eventually.ts';
import { send } from '../support/raw-request.ts';

const adminSocket = '/run/routed/admin.sock';

/** What the running plugin says of itself. */
export interface Status {
  readonly version: string;
  readonly networks: readonly { readonly id: string }[];
  readonly endpoints: readonly { readonly id: string; readonly addresses: readonly string[] }[];
}

/** Asks the running plugin how it is. The socket is there a moment after Docker's. */
export async function statusOf(host: Host): Promise<Status> {
  const { body } = await eventually(() => send(host.outsidePath(adminSocket), '/v1/status', '', 'GET'));
  return JSON.parse(body) as Status;
}

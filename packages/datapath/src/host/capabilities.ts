import { readFile } from 'node:fs/promises';

/** Source: linux uapi capability.h. */
const CAP_NET_ADMIN = 12n;

/** Whether this process may change links and routes. */
export async function isAllowedToRoute(): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> CAP_NET_ADMIN) & 1n) === 1n;
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Links } from '@routed/netns';

const PATIENCE_MS = 500;
const POLL_MS = 1;

/**
 * Returns once the container's end of a link that was set up sends, or after half a second.
 *
 * The kernel has it send a moment after the carrier is back. An answer of the container to who asks for its link-layer
 * address is lost until then, and the next question comes a second later. Source: linux net/core/link_watch.c.
 */
export async function waitForPeerRunning(links: Pick<Links, 'getPeer'>, index: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  do {
    // Who cannot look goes on without.
    const peer = await links.getPeer({ index }).catch(() => undefined);
    if (peer?.isUp !== true || peer.isRunning) return;
    await sleep(POLL_MS);
  } while (performance.now() < deadline);
}

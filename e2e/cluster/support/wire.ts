import { expect } from 'chai';
import type { ClusterHost } from '@routed/lab';
import { eventually } from '../../support/eventually.ts';

let count = 0;

/** Runs `act`, and returns what tcpdump saw of the packets that `filter` is about on a host's link. */
export async function packetsOnWire(
  { host }: ClusterHost,
  filter: string,
  act: () => Promise<unknown>,
  link = 'eth1',
): Promise<string> {
  count += 1;
  const argv = ['tcpdump', '-n', '-l', '--immediate-mode', '-i', link, filter];
  const capture = await host.spawn(argv, { name: `tcpdump-${count}` });
  await eventually(async () => expect(await capture.log()).to.contain('listening on'));
  await act();
  // What was captured is written at once, but by another process.
  await eventually(async () => expect(await capture.log()).to.match(/ > /));
  await capture.stop('SIGINT');
  return capture.log();
}

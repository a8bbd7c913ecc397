import type { PluginHost } from '../plugin/plugin-host.ts';
import type { Setting } from '../scenarios/scenario.ts';
import { CniPtp } from './cni-ptp.ts';
import { IpBatch } from './ip-batch.ts';
import type { Subject } from './subject.ts';

/** Everything else that can make an endpoint on this machine. Their processes leave cold caches to whatever comes next. */
export async function openPeers(
  { host }: PluginHost,
  { lab, log }: Setting,
): Promise<AsyncDisposable & Iterable<Subject>> {
  const peers: Subject[] = [new IpBatch(host.netnsPath)];
  const cni = await CniPtp.open(lab, host);
  if (cni === undefined) log('CNI ptp is left out: containernetworking-plugins is not installed');
  else peers.push(cni);
  return {
    [Symbol.iterator]: () => peers[Symbol.iterator](),
    [Symbol.asyncDispose]: async () => {
      for (const peer of peers) await peer[Symbol.asyncDispose]();
    },
  };
}

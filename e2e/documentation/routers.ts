import { readFile } from 'node:fs/promises';
import type { Host, Lab, Router, RouterConfig } from '@routed/lab';
import { codeBlocks } from '../../tools/documentation/markdown.ts';
import { untilAdjacent } from '../support/adjacency.ts';
import type { HostShell } from './host-shell.ts';

/** The configuration of FRR that README.md recommends, for the host with this address. */
function recommendedConfig(address: string): RouterConfig {
  const block = codeBlocks('README.md').find(({ text }) => text.includes('router ospf'));
  const text = (block?.text ?? '').replace(/(router-id) .*/, `$1 ${address}`);
  return { files: [{ name: 'frr.conf', text: `${text}\n` }], daemons: ['ospfd'] };
}

/** Starts the router of the lab's first host, and another host that its router finds. */
export async function startRouters(lab: Lab, host: Host): Promise<{ readonly router: Router; readonly peer: Host }> {
  const peer = await lab.addHost({ engine: 'none', router: '8.4', ipForward: true });
  const [router] = await Promise.all([
    host.startRouter(recommendedConfig('10.112.11.1')),
    peer.startRouter(recommendedConfig('10.112.11.2')),
  ]);
  await untilAdjacent(router);
  return { router, peer };
}

/** Has the router run what `quagga-config` makes of a file in the shell's folder. */
export async function runConfig(shell: HostShell, router: Router, file: string): Promise<void> {
  await shell.prepare(`quagga-config render --dialect frr ${file} --output rendered`);
  const text = await readFile(shell.host.outsidePath('/run/reader/rendered/frr.conf'), 'utf8');
  await router.reconfigure({ files: [{ name: 'frr.conf', text }], daemons: ['ospfd'] });
}

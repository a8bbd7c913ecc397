import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '@routed/lab';
import { expect } from 'chai';
import { ping4 } from '../packages/netfilter/test/support/frames.ts';
import { createNetwork, runIdle } from './support/containers.ts';
import { eventually } from './support/eventually.ts';
import { setStage } from './support/stage.ts';

/** How often a container is taken from its network. */
const ROUNDS = process.env['ROUTED_ATTACK'] === 'all' ? 60 : 8;
const script = readFileSync(new URL('../packages/netfilter/test/support/flood.pl', import.meta.url), 'utf8');
/** The machine's programs: the image has none that sends what one likes. */
const programs = ['/usr', '/lib', '/lib64'].flatMap((path) => ['--volume', `${path}:${path}:ro`]);
/** Makes and deletes links, which the kernel does one at a time: what the plugin does then takes longer. */
const churn = 'while :; do ip link add churn0 type veth peer name churn1 && ip link delete churn0; done';

describe('a container that is taken from its network while it sends', () => {
  const stage = setStage();
  let other: Host;

  before(async () => {
    other = await stage.lab.addHost({ engine: 'none' });
    // What the kernel would check by itself is off, so that the filters are seen to do it.
    await stage.host.exec(['sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.default.rp_filter=0']);
    await createNetwork(stage.host, 'apps', '10.1.0.0/16');
    await runIdle(stage.host, 'sender', '--network', 'none', ...programs);
  });

  const received = async (): Promise<number> => {
    const { stdout } = await other.exec(['nstat', '-asz', 'IcmpInEchos']);
    return Number(/IcmpInEchos\s+(\d+)/.exec(stdout)?.[1]);
  };

  /** Sends a frame from the container until its link is gone, whose name is another each time. */
  const sendFrom = (frame: string): Promise<unknown> => {
    const send = 'exec perl -e "$1" $(ls /sys/class/net | grep eth) "$2"';
    return stage.host.tryDocker('exec', 'sender', 'sh', '-c', send, 'sh', script, frame);
  };

  it('sends nothing from an address that it does not have', async function () {
    this.timeout(ROUNDS * 20_000);
    await stage.host.docker('network', 'disconnect', 'none', 'sender');
    const uplink = /inet ([\d.]+)/.exec((await other.exec(['ip', '-4', 'address', 'show', 'eth1'])).stdout)?.[1] ?? '';
    const busy = await stage.host.spawn(['sh', '-c', churn], { name: 'churn' });
    const before = await received();

    for (let round = 0; round < ROUNDS; round++) {
      await stage.host.docker('network', 'connect', '--ip', '10.1.0.2', 'apps', 'sender');
      const flood = sendFrom(ping4('02:42:0a:01:00:02', '10.1.0.77', uplink));
      await sleep(300);
      await stage.host.docker('network', 'disconnect', 'apps', 'sender');
      await flood;
    }
    await busy.stop();

    expect((await received()) - before).to.equal(0);
  });

  it('is one that would be heard', async () => {
    const uplink = /inet ([\d.]+)/.exec((await other.exec(['ip', '-4', 'address', 'show', 'eth1'])).stdout)?.[1] ?? '';
    await createNetwork(stage.host, 'trusted', '10.2.0.0/16', '-o', 'routed.spoof=allow');
    await stage.host.docker('network', 'connect', '--ip', '10.2.0.2', 'trusted', 'sender');
    const before = await received();

    const flood = sendFrom(ping4('02:42:0a:02:00:02', '10.1.0.77', uplink));
    await eventually(async () => expect((await received()) - before).to.be.above(0));
    await stage.host.docker('network', 'disconnect', 'trusted', 'sender');
    await flood;
  });
});

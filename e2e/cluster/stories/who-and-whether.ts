import { expect } from 'chai';
import { inspect } from '../../support/containers.ts';
import { equipShell, type } from '../../support/shell.ts';
import type { ClusterStage } from '../support/cluster.ts';
import type { ClusterNetwork } from '../support/containers.ts';

/**
 * An operator asks who has an address. Containers `c1`, `c2` and `c3` run, one on each host, and every host has learnt of them.
 *
 * @param otherHost how the second host is named on the first, at the end of a line
 */
export function tellWho(stage: ClusterStage, network: ClusterNetwork, otherHost: RegExp): void {
  const [own, other, free] = [11, 12, 99].map(network.address);

  before(() => equipShell(stage.cluster.lab, stage.h1.host));

  it('says which host announces an address, by which way and since when', async () => {
    const text = await command(stage, `whois ${other}`);

    const [sentence = ''] = text.split('\n');
    expect(sentence)
      .to.match(new RegExp(`^${other} is announced by `))
      .and.match(otherHost);
    expect(text)
      .to.match(/^since +20\S+Z$/m)
      .and.match(/^route +\S+ via 10\.112\.11\.2 dev eth1 proto /m);
    const { since, state } = JSON.parse(await command(stage, `whois ${other} --json`)) as {
      since: string;
      state: string;
    };
    expect(state).to.equal('elsewhere');
    // Neither before the cluster was there, nor in the future; routers round to a second.
    expect(Date.now() - Date.parse(since)).to.be.within(-2_000, 3_600_000);
  });

  it('says which container of the host has an address, and that nobody has one', async () => {
    expect(await command(stage, `whois ${own}`)).to.match(new RegExp(`^${own} is container c1 on n, on this host\n`));
    expect(await command(stage, `whois ${free}`, 1)).to.match(
      /is in no container of this host, and no other host announces/,
    );
  });
}

/** An operator asks whether addresses answer, where {@link tellWho} has asked who has them. */
export function tellWhether(stage: ClusterStage, network: ClusterNetwork): void {
  const [own, other, free] = [11, 12, 99].map(network.address);

  it('pings an address of another host from the host, and from inside a container', async () => {
    expect(await command(stage, `ping ${other} --count 2 --interval 10ms`)).to.match(
      /via 10\.112\.11\.2 dev eth1 proto \w+, MTU 1500\n(.*\n)* {2}2 sent, 2 answered, 0 % lost; round trip .*\n {2}path MTU 1500: /,
    );
    expect(await command(stage, `ping ${other} --from c1 --count 1`)).to.contain(`${other} from inside c1 (${own})\n`);
  });

  it('finds a link that large packets vanish on, seen from both ends', async () => {
    const pid = await inspect(stage.h1.host, 'c1', '{{.State.Pid}}');
    const setMtu = (mtu: number): Promise<unknown> =>
      stage.h1.host.exec(['nsenter', '--net', '--target', pid, 'ip', 'link', 'set', 'eth0', 'mtu', String(mtu)]);

    await setMtu(1400);
    // The least that a link of 1400 bytes takes, and a VLAN tag more.
    const text = await command(stage, 'ping c1 --count 1', 1);
    await setMtu(1500);

    expect(text).to.match(
      / path MTU 140[04]: larger packets vanish without a word, although the first link allows 1500\n/,
    );
    expect(text).to.match(/ from inside c1 .*\n {2}way .* dev eth0 .*, MTU 1400\n(.*\n)* {2}path MTU 1400: /);
    expect(text).to.match(/^PROBLEM {2}packets of more than 140[04] bytes to /m);
  });

  it('says why an address does not answer', async () => {
    expect(await command(stage, `ping ${free} --count 1`, 1)).to.match(/^why: lease +nobody has it: it is free in /m);

    await command(stage, 'ingress set c1 none');
    const refused = await command(stage, 'ping c1 --count 1', 1);
    await command(stage, 'ingress set c1 any');

    expect(refused).to.match(/^PROBLEM {2}\S+ does not answer to this host: /m);
    expect(refused).to.match(/^why: ingress +nobody may enter: routed\.ingress=none$/m);
  });

  it('does with kernel and router while the plugin is away', async () => {
    const away = '--admin-socket /run/nobody.sock';
    const { host } = stage.h1;

    const who = await type(host, `routed-plugin whois ${other} ${away}`);
    const whether = await type(host, `routed-plugin ping ${other} --count 1 ${away}`);

    expect(who).to.include({ exitCode: 0 });
    expect(who.stdout).to.match(new RegExp(`^${other} is announced by router 10\\.112\\.11\\.2\n`));
    expect(who.stderr).to.match(/^not asked: routed-plugin does not answer on this host: /);
    expect(whether).to.include({ exitCode: 0, stderr: '' });
  });
}

/** What a command of an operator says on the first host. */
async function command({ h1 }: ClusterStage, line: string, exitCode = 0): Promise<string> {
  const result = await type(h1.host, `routed-plugin ${line}`);
  expect(result, line).to.include({ exitCode, stderr: '' });
  return result.stdout;
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type CommandRunner, createForwardAcceptance, runCommand } from '../../src/index.ts';

const execute = promisify(execFile);

/** A network namespace of its own for every test: a sleeping process keeps it, nsenter goes into it. */
async function throwAwayNamespace(): Promise<{ run: CommandRunner; close: () => void }> {
  const child = execFile('unshare', ['--net', 'sh', '-c', 'echo ready; exec sleep 60']);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`unshare exited with ${String(code)}: run these tests as root`)));
  });
  return {
    run: ([file, ...args], input) => runCommand(['nsenter', '--net', '-t', String(child.pid), file, ...args], input),
    close: () => child.kill(),
  };
}

describe('forward acceptance on a real firewall', () => {
  let namespace: Awaited<ReturnType<typeof throwAwayNamespace>>;

  before(async () => {
    await execute('iptables', ['--version']).catch(() => {
      throw new Error('iptables is missing: run tools/setup');
    });
  });
  beforeEach(async () => {
    namespace = await throwAwayNamespace();
  });
  afterEach(() => namespace.close());

  const rules = async (): Promise<string> =>
    (await namespace.run(['iptables', '-S']))!.stdout + (await namespace.run(['ip6tables', '-S']))!.stdout;

  it('accepts forwarding from and to the links in both families, behind what is already there', async () => {
    await namespace.run(['iptables', '-P', 'FORWARD', 'DROP']);
    await namespace.run(['iptables', '-A', 'FORWARD', '-s', '192.0.2.0/24', '-j', 'DROP']);

    const outcome = await createForwardAcceptance(namespace, { linkPrefix: 'vethr' }).ensure();

    expect(outcome).to.equal('installed');
    const text = (await namespace.run(['iptables', '-S']))!.stdout;
    expect(text.split('\n').filter((line) => line.startsWith('-A'))).to.deep.equal([
      '-A FORWARD -s 192.0.2.0/24 -j DROP',
      '-A FORWARD -j ROUTED-FORWARD',
      '-A ROUTED-FORWARD -i vethr+ -j ACCEPT',
      '-A ROUTED-FORWARD -o vethr+ -j ACCEPT',
    ]);
    expect((await namespace.run(['ip6tables', '-S']))!.stdout).to.contain('-A ROUTED-FORWARD -o vethr+ -j ACCEPT');
  });

  it('changes nothing when repeated', async () => {
    const acceptance = createForwardAcceptance(namespace, { linkPrefix: 'vethr' });
    await acceptance.ensure();
    const once = await rules();

    expect(await acceptance.ensure()).to.equal('present');

    expect(await rules()).to.equal(once);
  });

  for (const damage of [
    ['-F', 'ROUTED-FORWARD'],
    ['-D', 'ROUTED-FORWARD', '-i', 'vethr+', '-j', 'ACCEPT'],
    ['-D', 'FORWARD', '-j', 'ROUTED-FORWARD'],
    ['-F'],
  ]) {
    it(`repairs what "iptables ${damage.join(' ')}" took away`, async () => {
      const acceptance = createForwardAcceptance(namespace, { linkPrefix: 'vethr' });
      await acceptance.ensure();
      const intact = await rules();
      await namespace.run(['iptables', ...damage]);

      expect(await acceptance.ensure()).to.equal('installed');

      expect(await rules()).to.equal(intact);
    });
  }

  it('removes every trace, also when there is none', async () => {
    const before = await rules();
    const acceptance = createForwardAcceptance(namespace, { linkPrefix: 'vethr' });
    await acceptance.ensure();

    await acceptance.remove();
    await acceptance.remove();

    expect(await rules()).to.equal(before);
  });
});

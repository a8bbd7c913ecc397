import { expect } from 'chai';
import { createForwardAcceptance, runCommandIn, watchRuleset } from '../../src/index.ts';
import { openProgramNamespace, type ProgramNamespace } from '../support/namespace.ts';
import { until } from '../support/until.ts';

/** What another program than routed does with this package, beside it. */
describe('forward acceptance with names of its own', () => {
  let namespace: ProgramNamespace;

  beforeEach(async () => {
    namespace = await openProgramNamespace();
  });
  afterEach(() => namespace.close());

  const uplinks = (): Promise<string[]> => Promise.resolve(['eth0']);

  it('stands beside that of routed, hears of its own damage only, and leaves the other when it goes', async () => {
    await using watch = (await watchRuleset({ netns: namespace.netns, forwardChain: 'VM-FORWARD' }))!;
    const run = runCommandIn(`/proc/${namespace.pid}/ns/net`);
    const routed = createForwardAcceptance({ run, uplinks }, { linkPrefix: 'vethr' });
    const own = createForwardAcceptance({ run, uplinks, watch }, { linkPrefix: 'tap', chain: 'VM-FORWARD' });
    await routed.ensure();
    const without = await namespace.sh('iptables -S');
    expect(await own.ensure()).to.equal('installed');
    expect(await namespace.sh('iptables -S VM-FORWARD')).to.contain('-A VM-FORWARD -o tap+ -j ACCEPT');
    const whole = await namespace.sh('iptables -S');
    let damages = 0;
    watch.on('damage', () => (damages += 1));

    await namespace.sh('iptables -F ROUTED-FORWARD; iptables -F VM-FORWARD');
    await until(() => damages > 0, 'damage');
    expect(await own.ensure()).to.equal('installed');
    expect(await routed.ensure()).to.equal('installed');

    expect(damages).to.be.within(1, 4);
    expect(await namespace.sh('iptables -S')).to.equal(whole);
    await own.remove();
    expect(await namespace.sh('iptables -S')).to.equal(without);
  });

  it('runs programs in the namespace of a path, and tells one that is missing from one that fails', async () => {
    const run = runCommandIn(`/proc/${namespace.pid}/ns/net`);
    const isHere = (await namespace.sh('readlink /proc/self/ns/net')).trim();
    const pids: number[] = [];

    const result = await run(['readlink', '/proc/self/ns/net'], undefined, (pid) => pids.push(pid));

    expect(result).to.include({ exitCode: 0, stdout: `${isHere}\n` });
    expect((await run(['sh', '-c', 'echo $$'], undefined, (pid) => pids.push(pid)))?.stdout).to.equal(`${pids[1]}\n`);
    expect(await run(['no-such-program'])).to.equal(undefined);
    expect((await run(['sh', '-c', 'exit 127']))?.exitCode).to.equal(127);
    expect((await runCommandIn('/run/netns/nowhere')(['true']))?.exitCode).to.equal(1);
  });
});

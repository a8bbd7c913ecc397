import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createNetwork, endpointIdOf, idle, ping, runIdle } from './support/containers.ts';
import { NEWEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { type } from './support/shell.ts';
import { median } from './support/median.ts';
import { setStage } from './support/stage.ts';

/** How often each damage is done. */
const ROUNDS = process.env['ROUTED_ATTACK'] === 'all' ? 20 : 3;
/** How long a damage may last, from the end of the command that does it. */
const REPAIRED_MS = 500;

for (const engine of NEWEST_OR_EACH) {
  describe(`filters that another program damages (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    let link: string;

    before(async () => {
      await createNetwork(stage.host, 'apps', '10.1.0.0/16');
      await runIdle(stage.host, 'open', '--network', 'apps', '--ip', '10.1.0.2');
      await runIdle(stage.host, 'closed', '--network', 'name=apps,ip=10.1.0.3,driver-opt=routed.ingress=none');
      link = `vethr${(await endpointIdOf(stage.host, 'closed', 'apps')).slice(0, 10)}`;
    });

    /** What is in the sets, without what is counted. */
    const elements = async (): Promise<string[]> => {
      const { stdout } = await stage.host.exec(['nft', '-s', 'list', 'ruleset']);
      return (stdout.match(/"vethr[^,}]*/g) ?? []).map((element) => element.trim()).sort();
    };

    const damages: [what: string, command: string][] = [
      ['containers lose their addresses', 'nft flush set inet routed own4'],
      ['containers may send from any address', 'nft flush set inet routed strict; nft flush set arp routed strict'],
      ['a closed container is open', 'nft flush set inet routed filtered'],
      ['a list is wider', 'nft add element inet routed from4_4 "{ LINK . 0.0.0.0 }"'],
      ['an old ruleset is loaded', 'nft -f /tmp/old.nft'],
    ];
    for (const [what, command] of damages) {
      it(`are put right within half a second when ${what}`, async function () {
        this.timeout(ROUNDS * 20_000);
        const intact = await elements();
        const old = `table inet routed { set from4_4 { type ifname . ipv4_addr; elements = { "${link}" . 0.0.0.0 } }; }`;
        await stage.host.exec(['sh', '-c', 'cat > /var/tmp/old.nft'], { input: old });
        const times: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          // One read by nft takes some 20 ms of it.
          const done = command.replace('LINK', link).replace('/tmp/old.nft', '/var/tmp/old.nft');
          const { stdout } = await stage.host.exec(['sh', '-c', `${done}; date +%s%3N`]);
          let seen = Date.now();
          while ((await elements()).join() !== intact.join()) {
            expect(Date.now() - Number(stdout), what).to.be.below(10_000);
            seen = Date.now();
          }
          times.push(seen - Number(stdout));
          await sleep(300);
        }
        console.log(`      damage last seen after ${times.join(' ')} ms`);
        expect(median(times)).to.be.below(REPAIRED_MS);
      });
    }

    it('close a container that was opened', async () => {
      await stage.host.exec(['nft', 'flush', 'set', 'inet', 'routed', 'filtered']);

      await eventually(async () => {
        expect((await ping(stage.host, '10.1.0.3', 'open')).exitCode).to.not.equal(0);
      });
      expect((await ping(stage.host, '10.1.0.2', 'closed')).exitCode).to.equal(0);
    });

    it('are told of clearly when nft crashes: no network is made without them, and containers go on', async () => {
      await stage.host.exec([
        'sh',
        '-c',
        'printf "#!/bin/sh\\necho cut short >&2\\nkill -SEGV \\$\\$\\n" > /run/nft; chmod +x /run/nft',
      ]);
      const nft = (await stage.host.exec(['sh', '-c', 'readlink -f $(command -v nft)'])).stdout.trim();
      await stage.host.exec(['cp', nft, '/run/real-nft']);
      await stage.host.exec(['mount', '--bind', '/run/nft', nft]);
      try {
        await stage.host.exec(['/run/real-nft', 'flush', 'chain', 'inet', 'routed', 'entry4']);
        await eventually(async () => {
          const { stderr, exitCode } = await stage.host.tryDocker(
            'network',
            'create',
            '-d',
            'routed',
            '--ipam-driver',
            'routed',
            '--subnet',
            '10.2.0.0/16',
            'more',
          );
          expect(exitCode).to.not.equal(0);
          expect(stderr).to.contain('nft was killed by SIGSEGV').and.to.contain('cut short');
        });
        expect((await ping(stage.host, '10.1.0.2', 'closed')).exitCode).to.equal(0);
      } finally {
        await stage.host.exec(['umount', nft]);
      }

      await createNetwork(stage.host, 'more', '10.2.0.0/16');
      await stage.host.docker('run', '--rm', '--network', 'more', ...idle.slice(0, 1), 'true');
      expect((await ping(stage.host, '10.1.0.3', 'open')).exitCode).to.not.equal(0);
      expect((await type(stage.host, 'routed-plugin status')).exitCode).to.equal(0);
    });
  });
}

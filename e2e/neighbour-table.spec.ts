import { readFileSync } from 'node:fs';
import type { Host } from '@routed/lab';
import { expect } from 'chai';
import { createNetwork, inside, ping, runIdle } from './support/containers.ts';
import { NEWEST_OR_EACH } from './support/engines.ts';
import { setStage } from './support/stage.ts';

/** How many requests a container sends; ROUTED_ATTACK=all: as many as take seconds. */
const REQUESTS = process.env['ROUTED_ATTACK'] === 'all' ? 100_000 : 5_000;
const script = readFileSync(new URL('../packages/netfilter/test/support/solicit.pl', import.meta.url), 'utf8');
/** The machine's programs: the image has none that sends what one likes. */
const programs = ['/usr', '/lib', '/lib64'].flatMap((path) => ['--volume', `${path}:${path}:ro`]);

for (const engine of NEWEST_OR_EACH) {
  describe(`the host's table of neighbours (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const neighbour = 'fd00:9::2';

    before(async () => {
      const other = await stage.lab.addHost({ engine: 'none' });
      const address = (host: Host, last: number): Promise<unknown> =>
        host.exec(['ip', 'address', 'add', `fd00:9::${last}/64`, 'dev', 'eth1', 'nodad']);
      await Promise.all([address(stage.host, 1), address(other, 2)]);
      await createNetwork(stage.host, 'dual', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await createNetwork(stage.host, 'plain', '10.2.0.0/16');
      for (const network of ['dual', 'plain']) {
        // With the capabilities that Docker gives every container.
        await runIdle(stage.host, network, '--network', network, ...programs);
      }
    });

    /** Entries on links of containers that count against the limit of the machine. */
    const entries = async (): Promise<string[]> => {
      const { stdout } = await stage.host.exec(['ip', 'neigh', 'show', 'nud', 'all']);
      return stdout.split('\n').filter((line) => line.includes('vethr') && !/PERMANENT|NOARP/.test(line));
    };
    /** Pings to a real neighbour, which has to be found anew each time, that were lost while a container was at it. */
    const lostMeanwhile = async (attack: Promise<unknown>): Promise<number> => {
      const state = { isOver: false };
      let lost = 0;
      const over = attack.finally(() => (state.isOver = true));
      do {
        await stage.host.exec(['ip', '-6', 'neigh', 'flush', 'dev', 'eth1']);
        lost += (await ping(stage.host, neighbour)).exitCode === 0 ? 0 : 1;
      } while (!state.isOver);
      await over;
      return lost;
    };

    for (const network of ['dual', 'plain'] as const) {
      for (const kind of ['ns', 'rs'] as const) {
        it(`stays as it is, whatever a container on network ${network} sends (${kind})`, async () => {
          const attack = inside(stage.host, network, 'perl', '-e', script, 'eth0', String(REQUESTS), kind);

          const lost = await lostMeanwhile(attack);

          expect({ lost, entries: await entries() }).to.deep.equal({ lost: 0, entries: [] });
        });
      }
    }

    it('has the link-local address of a container for good', async () => {
      const own = /inet6 (fe80[^/]*)/.exec(
        await inside(stage.host, 'dual', 'ip', '-6', 'address', 'show', 'eth0'),
      )?.[1];
      const { stdout } = await stage.host.exec(['ip', '-6', 'neigh', 'show', String(own), 'nud', 'permanent']);
      expect(stdout).to.match(new RegExp(`^${String(own)} dev vethr\\w+ lladdr 02:42:`));

      await inside(stage.host, 'dual', 'ping', '-c', '1', '-W', '2', 'fd00:9::1');
      expect(await entries()).to.deep.equal([]);
    });
  });
}

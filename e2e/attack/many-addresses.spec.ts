import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { addressesOf } from '../support/addresses.ts';
import { askAdmin } from '../support/admin.ts';
import { createNetwork, inspect, ping, runIdle } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { kernelState, routeTo } from '../support/kernel.ts';
import { type } from '../support/shell.ts';
import { setStage } from '../support/stage.ts';
import { count, report } from './support/count.ts';

/** How many addresses: each takes the kernel longer than the one before, so that 60,000 take more than three minutes. */
const ADDRESSES = count(5_000, 20_000);
const IPV4 = count(2_500, 5_000);
/** How long a call may take, on a machine that does other things as well. */
const BOUND_MS = 5_000;
/** How much memory the plugin may take on top, in bytes. */
const BOUND_BYTES = 100 * 2 ** 20;

if (ENGINES_IN_FULL.length > 0) {
  describe('attack: a container that gives itself addresses', () => {
    const stage = setStage();

    before(async () => {
      const { host } = stage;
      await createNetwork(host, 'n', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      // With additional addresses the plugin looks into the sandbox.
      const greedy = 'name=n,ip=10.1.0.2,ip6=fd00:1::2,driver-opt=routed.addresses=10.1.0.3';
      await runIdle(host, 'greedy', '--network', greedy, '--cap-add', 'NET_ADMIN');
      await runIdle(host, 'other', '--network', 'name=n,ip=10.1.0.8,driver-opt=routed.addresses=10.1.0.9');
      await eventually(async () => {
        expect(await addressesOf(host, 'greedy')).to.include('10.1.0.3/32');
        expect(await addressesOf(host, 'other')).to.include('10.1.0.9/32');
      });
    });

    async function timed(work: () => Promise<unknown>): Promise<number> {
      const startedAt = performance.now();
      await work();
      return Math.round(performance.now() - startedAt);
    }

    const address = async (what: 'add' | 'remove', which: string): Promise<void> => {
      const { exitCode, stderr } = await type(stage.host, `routed-plugin address ${what} greedy ${which}`);
      expect(exitCode, stderr).to.equal(0);
    };

    /** None of them is leased. The kernel joins one multicast group for those of IPv6, which end alike. */
    async function takeAddresses(): Promise<void> {
      const ipv4 = Array.from({ length: IPV4 }, (_, index) => `10.128.${index >> 8}.${index & 255}/32 dev eth0`);
      const ipv6 = Array.from(
        { length: ADDRESSES - IPV4 },
        (_, index) => `fd00:2:0:${index.toString(16)}::1/128 dev eth0 nodad`,
      );
      const pid = await inspect(stage.host, 'greedy', '{{.State.Pid}}');
      const argv = ['nsenter', '--target', pid, '--net', 'ip', '-batch', '-'];
      const input = [...ipv4, ...ipv6].map((each) => `address add ${each}\n`).join('');
      await stage.host.exec(argv, { input, timeoutMs: 300_000 });
    }

    /** Deletes the route to the other container and has the plugin, which compares all, put it back. */
    async function repair(): Promise<void> {
      await stage.host.exec(['ip', 'route', 'delete', '10.1.0.8/32']);
      await eventually(async () => expect((await routeTo(stage.host, '10.1.0.8'))?.dev).to.match(/^vethr/), 20_000);
    }

    /** How long calls take, one after the other. */
    async function measure(spare: string): Promise<Record<'run' | 'add' | 'repair', number>> {
      return {
        run: await timed(() => stage.host.docker('run', '--rm', '--network', 'n', 'alpine', 'true')),
        add: await timed(() => address('add', spare)),
        repair: await timed(repair),
      };
    }

    /** What the others see while something goes on: pings lost, and how long the plugin took to answer at most. */
    async function watchDuring(work: Promise<unknown>): Promise<{ lost: number; pings: number; slowest: number }> {
      const state = { isOver: false };
      const over = work.finally(() => (state.isOver = true));
      let [lost, pings, slowest] = [0, 0, 0];
      do {
        slowest = Math.max(slowest, await timed(() => askAdmin(stage.host, 'GET', '/v1/status')));
        pings++;
        lost += (await ping(stage.host, '10.1.0.9')).exitCode === 0 ? 0 : 1;
      } while (!state.isOver);
      await over;
      return { lost, pings, slowest };
    }

    const memory = async (): Promise<number> => {
      const text = await readFile(`/proc/${stage.plugin.pid}/statm`, 'utf8');
      return Number(text.split(' ')[1]) * 4_096;
    };

    it(`changes nothing for the host, the plugin and others: ${ADDRESSES} addresses`, async function () {
      this.timeout(600_000);
      const { host } = stage;
      const before = await measure('10.1.0.4');
      const state = await kernelState(host);
      const memoryBefore = await memory();

      let taking = 0;
      const during = await watchDuring(timed(takeAddresses).then((ms) => (taking = ms)));
      const after = await measure('10.1.0.5');
      const memoryAfter = await memory();
      expect(stage.plugin.hasExited, 'the plugin fell over').to.equal(false);
      await stage.plugin.stop('SIGKILL');
      const restart = await timed(async () => (stage.plugin = await host.startPlugin()));
      const again = await timed(() => address('add', '10.1.0.6'));

      const held = await addressesOf(host, 'greedy');
      const grown = Math.round((memoryAfter - memoryBefore) / 2 ** 20);
      report(
        `many addresses: ${held.length} in ${taking} ms, ${during.lost} of ${during.pings} pings of another container lost, ` +
          `status in ${during.slowest} ms at most; ${inWords(before)} before, ${inWords(after)} after; ` +
          `restart ${restart} ms, then address add ${again} ms; ${grown} MiB more`,
      );
      expect(held.length, 'control: addresses in the sandbox').to.be.at.least(ADDRESSES);
      expect(held, 'control: the plugin looks there').to.include.members(['10.1.0.3/32', '10.1.0.5/32', '10.1.0.6/32']);
      for (const spare of ['10.1.0.5', '10.1.0.6']) await address('remove', spare);
      await eventually(async () => expect(await kernelState(host)).to.deep.equal(state));
      expect(during.lost).to.equal(0);
      expect(Math.max(during.slowest, restart, again, ...Object.values(after))).to.be.below(BOUND_MS);
      expect(memoryAfter - memoryBefore).to.be.below(BOUND_BYTES);
    });
  });
}

function inWords({ run, add, repair }: Record<'run' | 'add' | 'repair', number>): string {
  return `docker run ${run} ms, address add ${add} ms, repair ${repair} ms`;
}

import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { runCommand } from '@routed/lab';
import { expect } from 'chai';
import { askAdmin } from '../support/admin.ts';
import { addressOf, createNetwork } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { containerLinks, containerRoutes } from '../support/kernel.ts';
import { setStage } from '../support/stage.ts';
import { echoServer, Traffic } from '../restart-matrix/traffic.ts';
import { count, IS_FULL, report } from './support/count.ts';
import { limitMemory } from './support/memory-limit.ts';
import { hold } from './support/unix-bytes.ts';

const KILLS = count(1, 5);
const BURSTS = count(1, 5);
const AT_ONCE = 8;
const address = '10.1.0.2';
/** Of this size a body is read as a whole: docs/security.md. */
const BODY_BYTES = 500 * 1024;
const BODIES = 400;
const SPARE_BYTES = 40 * 2 ** 20;
const DESCRIPTORS = 48;
const HELD = 200;
/** What a kill left half-done is freed once it has looked forgotten for a minute. */
const FREED_WITHIN_MS = 200_000;

interface DaemonReport {
  readonly networks: readonly { readonly pools: readonly { readonly leased: number }[] }[];
  readonly endpoints: readonly unknown[];
}

// Minutes, and killed by the kernel at its pleasure: every night.
if (ENGINES_IN_FULL.length > 0 && IS_FULL) {
  describe('attack: memory and descriptors that run out', () => {
    const stage = setStage();
    let leasedBefore: number;

    const status = async (): Promise<DaemonReport> =>
      (await askAdmin(stage.host, 'GET', '/v1/status')).body as DaemonReport;
    const leased = async (): Promise<number> =>
      (await status()).networks.flatMap(({ pools }) => pools).reduce((sum, pool) => sum + pool.leased, 0);
    const socket = (): string => stage.host.outsidePath(`${stage.host.pluginDir}/routed.sock`);

    before(async () => {
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await stage.host.docker('run', '-d', '--name', 'web', '--network', 'n', '--ip', address, ...echoServer);
      leasedBefore = await leased();
    });

    /** Starts containers, all at once, and returns what those that were refused were told. */
    async function startMany(prefix: string): Promise<string[]> {
      const names = Array.from({ length: AT_ONCE }, (_, index) => `${prefix}-${index}`);
      const run = ['run', '--detach', '--network', 'n'];
      const results = await Promise.all(
        names.map((name) => stage.host.tryDocker(...run, '--name', name, 'alpine', 'sleep', '1000')),
      );
      return results.filter(({ exitCode }) => exitCode !== 0).map(({ stderr }) => stderr.trim());
    }

    /** Every container that runs has a route, which is its own, and no other has one. */
    async function expectEachItsOwn(): Promise<number> {
      const names = (await stage.host.docker('ps', '--format', '{{.Names}}')).split('\n');
      const addresses = await Promise.all(names.map((name) => addressOf(stage.host, name, 'n')));
      expect(new Set(addresses).size, `addresses given twice: ${addresses.join()}`).to.equal(names.length);
      await eventually(async () => {
        const routes = (await containerRoutes(stage.host)).map(({ dst }) => dst);
        expect(routes.filter((to) => to !== '10.1.0.1')).to.have.members(addresses);
      }, FREED_WITHIN_MS);
      return names.length;
    }

    /** Removes every container but the one that is watched. */
    async function removeMany(): Promise<void> {
      const names = (await stage.host.docker('ps', '--all', '--format', '{{.Names}}')).split('\n');
      const others = names.filter((name) => name !== 'web');
      if (others.length > 0) await stage.host.docker('rm', '--force', ...others);
    }

    /** Of what was started nothing is left: no link, no endpoint, no leased address, no rule. */
    async function expectNothingLeft(): Promise<void> {
      await eventually(async () => {
        expect((await containerLinks(stage.host)).map(({ ifname }) => ifname)).to.have.lengthOf(1);
        expect((await status()).endpoints).to.have.lengthOf(1);
        expect(await leased()).to.equal(leasedBefore);
      }, FREED_WITHIN_MS);
      const { stdout } = await stage.host.exec(['nft', 'list', 'ruleset']);
      expect(new Set(stdout.match(/vethr[0-9a-f]{10}/g) ?? []).size).to.be.at.most(1);
    }

    /** Sends bodies that are as long as they may be, but for their last byte: the plugin has to keep them. */
    function sendBodies(): readonly Socket[] {
      const body = Buffer.alloc(BODY_BYTES, ' ');
      const head =
        `POST /IpamDriver.RequestAddress HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${BODY_BYTES + 1}\r\n\r\n`;
      return Array.from({ length: BODIES }, () => {
        const sent = connect(socket());
        sent.resume().on('error', () => undefined);
        sent.write(head);
        sent.write(body);
        return sent;
      });
    }

    const residentMiB = (): number => {
      const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${stage.plugin.pid}/status`, 'utf8')) ?? [];
      return Math.round(Number(kib) / 1024);
    };

    it('control: with memory enough it survives the same burst', async () => {
      const before = residentMiB();
      const bodies = sendBodies();
      try {
        expect(await startMany('enough')).to.deep.equal([]);
        await eventually(
          () => expect(bodies.every(({ writableLength }) => writableLength === 0)).to.equal(true),
          20_000,
        );
        expect(stage.plugin.hasExited).to.equal(false);
        report(
          `memory: without a limit it takes ${residentMiB() - before} MiB more, and all ${AT_ONCE} containers start`,
        );
      } finally {
        for (const body of bodies) body.destroy();
        await removeMany();
      }
    });

    it(`costs no packet, no address and leaves nothing when memory runs out: ${KILLS} kills`, async function () {
      this.timeout(600_000);
      const traffic = await Traffic.start(stage.host, address);
      let refused = 0;
      let running = 0;
      for (let round = 0; round < KILLS; round++) {
        // One that has had much memory keeps it, and would not ask for more.
        await stage.plugin.stop('SIGKILL');
        stage.plugin = await stage.host.startPlugin();
        const limit = limitMemory(stage.lab, stage.plugin.pid, SPARE_BYTES);
        const starting = startMany(`burst-${round}`);
        const bodies = sendBodies();

        await eventually(() => expect(stage.plugin.hasExited).to.equal(true), 30_000);
        expect(await stage.plugin.exited, 'killed by the kernel').to.equal(137);

        expect(limit.kills(), 'control: for its memory').to.be.above(0);
        for (const body of bodies) body.destroy();
        stage.plugin = await stage.host.startPlugin();
        refused += (await starting).length;
        expect(await startMany(`after-${round}`)).to.deep.equal([]);
        running += await expectEachItsOwn();
        await removeMany();
      }
      if (IS_FULL) await expectNothingLeft();

      const { lostPings, isConnected, brokenLines } = await traffic.end();
      report(
        `memory: ${KILLS} kills, ${KILLS * AT_ONCE} starts in the middle, ${refused} refused; ${lostPings.length} packets ` +
          `lost, of ${running} addresses 0 twice`,
      );
      expect({ lostPings, isConnected, brokenLines }).to.deep.equal({
        lostPings: [],
        isConnected: true,
        brokenLines: [],
      });
    });

    it(`refuses what is beyond ${DESCRIPTORS} descriptors, and recovers: ${BURSTS} bursts`, async function () {
      this.timeout(600_000);
      const { pid } = stage.plugin;
      const inUse = (): number => readdirSync(`/proc/${pid}/fd`).length;
      const free = await hold(socket(), HELD, () => 'POST');
      expect(free.open(), 'control: without the limit it holds them').to.equal(HELD);
      free.release();
      await eventually(() => expect(inUse()).to.be.below(DESCRIPTORS));
      const traffic = await Traffic.start(stage.host, address);
      await runCommand(['prlimit', '--pid', String(pid), `--nofile=${DESCRIPTORS}`]);
      const told: string[] = [];
      let open = 0;
      let tries = 0;
      for (let round = 0; round < BURSTS; round++) {
        const held = await hold(socket(), HELD, () => 'POST');
        told.push(...(await startMany(`few-${round}`)));
        open = Math.max(open, held.open());
        expect(inUse(), 'control: it has no more').to.be.at.least(DESCRIPTORS);
        held.release();

        expect(stage.plugin.hasExited).to.equal(false);
        await eventually(async () => expect(await startMany(`again-${round}-${tries++}`)).to.deep.equal([]), 30_000);
        await expectEachItsOwn();
        await removeMany();
      }
      if (IS_FULL) await expectNothingLeft();

      const { lostPings, isConnected, brokenLines } = await traffic.end();
      report(
        `descriptors: ${DESCRIPTORS}, ${open} of ${HELD} connections held; ${told.length} of ${BURSTS * AT_ONCE} starts ` +
          `refused meanwhile, all succeed afterwards (${tries} tries in ${BURSTS} bursts); ${lostPings.length} packets lost`,
      );
      expect(told.filter((text) => !/retry the command|too many open files|EMFILE/i.test(text))).to.deep.equal([]);
      expect({ lostPings, isConnected, brokenLines }).to.deep.equal({
        lostPings: [],
        isConnected: true,
        brokenLines: [],
      });
    });
  });
}

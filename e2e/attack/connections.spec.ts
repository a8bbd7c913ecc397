import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host, LabProcess } from '@routed/lab';
import { createNetwork, inside, inspect, ping, runIdle } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { type } from '../support/shell.ts';
import { setStage } from '../support/stage.ts';
import { IS_FULL, report } from './support/count.ts';
import { ENTRY_FORMS } from './support/entry-forms.ts';
import { inContainer, macOf, onHost, sendFrom } from './support/namespaces.ts';
import { frame } from './support/packets.ts';
import { placeWitness, SEEN, type Witness } from './support/witness.ts';

/** How many flows there are in every run; with ROUTED_ATTACK=all as many as the kernel tracks, and some. */
const QUICK_FLOWS = 60_000;
const MORE_FLOWS = 2_000;
const FIRST_ID = 0xb000;
/** The machine's programs: the image has none that sends what one likes. */
const programs = ['/usr', '/lib', '/lib64', import.meta.dirname].flatMap((path) => ['--volume', `${path}:${path}:ro`]);
const support = (name: string): string => join(import.meta.dirname, 'support', name);
/** How long a call may take, on a machine that does other things as well. */
const BOUND_MS = 5_000;

const FORMS = ENTRY_FORMS.filter(({ expected, family }) => expected === undefined && family === 4);
const [TARGET, CLOSED, SENDER, TALKER] = ['10.1.0.8', '10.1.0.9', '10.1.0.2', '10.1.0.3'];

if (ENGINES_IN_FULL.length > 0) {
  describe('attack: a container that fills connection tracking', () => {
    const stage = setStage();
    let outside: Host;
    let outsideAddress: string;
    let talk: LabProcess;
    const witnesses: Record<string, Witness> = {};

    before(async () => {
      const { lab, host } = stage;
      outside = await lab.addHost({ engine: 'none' });
      [outsideAddress = ''] = (outside.address ?? '').split('/');
      const [hostAddress = ''] = (host.address ?? '').split('/');
      await outside.exec(['ip', 'route', 'add', '10.1.0.0/16', 'via', hostAddress]);
      await createNetwork(host, 'n', '10.1.0.0/16');
      await runIdle(host, 'open', '--network', 'n', '--ip', TARGET);
      await runIdle(host, 'closed', '--network', `name=n,ip=${CLOSED},driver-opt=routed.ingress=none`);
      // With the capabilities that Docker gives every container.
      await runIdle(host, 'sender', '--network', 'n', '--ip', SENDER, ...programs);
      await runIdle(host, 'talker', '--network', 'n', '--ip', TALKER);
      for (const name of ['open', 'closed']) {
        witnesses[name] = await placeWitness(await inContainer(host, name), SEEN.first);
      }
      talk = await beginTalk();
    });

    /** A connection of another container, on which something is said until the file /run/talk-over is there. */
    async function beginTalk(): Promise<LabProcess> {
      const server = await outside.spawn(['perl', support('talk.pl'), 'serve', '7000'], { name: 'talk-server' });
      await eventually(async () => expect(await server.log()).to.contain('ready'));
      const pid = await inspect(stage.host, 'talker', '{{.State.Pid}}');
      const argv = ['nsenter', '--target', pid, '--net', 'perl', support('talk.pl')];
      const client = await stage.host.spawn([...argv, 'ask', outsideAddress, '7000', '/run/talk-over'], {
        name: 'talk',
      });
      await eventually(async () => expect(await client.log()).to.contain('ready'));
      return client;
    }

    /** `count` is of this network namespace alone; `max` is the same in all, and the machine's to change. */
    const tracked = async (what: 'count' | 'max'): Promise<number> =>
      Number((await stage.host.exec(['cat', `/proc/sys/net/netfilter/nf_conntrack_${what}`])).stdout);

    async function flood(number: number): Promise<void> {
      const flows = String(number);
      await inside(stage.host, 'sender', 'perl', support('flows.pl'), SENDER, outsideAddress, flows);
      // With an accomplice: the kernel forgets first what nobody has answered, and what is younger than two seconds.
      await outside.exec(['perl', support('flows.pl'), outsideAddress, SENDER, flows, 'answers']);
      await inside(stage.host, 'sender', 'perl', support('flows.pl'), SENDER, outsideAddress, flows);
    }

    /** Sends every form to a container from outside, and returns how many arrived. */
    async function enter(name: 'open' | 'closed', target: string, firstId: number): Promise<number> {
      const place = onHost(outside);
      const ends = { sourceMac: await macOf(place, 'eth1'), targetMac: await macOf(onHost(stage.host), 'eth1') };
      const lines = FORMS.flatMap((form, index) =>
        form
          .packets({ source: outsideAddress, target }, firstId + index)
          .map((packet) => `frame eth1 ${frame(ends, packet).toString('hex')}`),
      );
      await sendFrom(place, lines);
      const seen = await witnesses[name]!.seen();
      return FORMS.filter((_form, index) => seen.has(firstId + index)).length;
    }

    async function timed(work: () => Promise<unknown>): Promise<number> {
      const startedAt = performance.now();
      await work();
      return Math.round(performance.now() - startedAt);
    }

    const run = (): Promise<unknown> => stage.host.docker('run', '--rm', '--network', 'n', 'alpine', 'true');
    const setList = async (container: string, list: string): Promise<void> => {
      const { exitCode, stderr } = await type(stage.host, `routed-plugin ingress set ${container} ${list}`);
      expect(exitCode, stderr).to.equal(0);
    };
    it('opens nothing, ends nothing, holds no call up, and doctor tells', async function () {
      this.timeout(300_000);
      const { host } = stage;
      const max = await tracked('max');
      const flows = IS_FULL ? max + MORE_FLOWS : QUICK_FLOWS;
      const arrived = await enter('open', TARGET, FIRST_ID);
      expect(arrived, 'control: what arrives where everybody may enter').to.equal(FORMS.length);
      expect((await ping(host, outsideAddress, 'open')).exitCode, 'control: a new connection').to.equal(0);
      const before = { run: await timed(run), set: await timed(() => setList('closed', 'none')) };

      const flooded = await timed(() => flood(flows));

      const held = await tracked('count');
      const isRefused = (await ping(host, outsideAddress, 'open')).exitCode !== 0;
      const entered = await enter('closed', CLOSED, FIRST_ID + 0x400);
      const after = { run: await timed(run), set: await timed(() => setList('open', 'none')) };
      const enteredLater = await enter('open', TARGET, FIRST_ID + 0x800);
      const { stdout: findings } = await type(host, 'routed-plugin doctor');
      await writeFile(host.outsidePath('/run/talk-over'), '');
      await talk.exited;
      const [said = 0, answered = 0] = (await talk.log()).trim().split('\n').at(-1)!.split(' ').map(Number);
      report(
        `connection tracking: ${held} of ${max} entries in ${flooded} ms, ${entered + enteredLater} of ${2 * FORMS.length} forms ` +
          `entered, ${said - answered} of ${said} messages of another connection lost; docker run ${after.run} ms ` +
          `(before ${before.run}), ingress set ${after.set} ms (before ${before.set}); control: ${arrived} forms entered, ` +
          `a new connection is ${isRefused ? 'dropped' : 'let through'}`,
      );
      expect(held, 'control: entries').to.be.above(0.95 * Math.min(flows, max));
      expect(isRefused, 'control: the kernel drops new connections when there is no room').to.equal(flows > max);
      expect([entered, enteredLater]).to.deep.equal([0, 0]);
      expect(answered).to.equal(said).and.to.be.above(50);
      expect(Math.max(after.run, after.set)).to.be.below(BOUND_MS);
      const finding = /broken +conntrack +connection tracking has \d+ entries/;
      expect(finding.test(findings), findings).to.equal(held > 0.95 * max);
    });
  });
}

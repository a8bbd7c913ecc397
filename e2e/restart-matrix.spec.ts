import { expect } from 'chai';
import type { CommandResult, Host } from '@routed/lab';
import { createNetwork, inspect } from './support/containers.ts';
import { ENGINES_AT_THE_ENDS, NEWEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { setStage } from './support/stage.ts';
import { documentedRows, rowsOf } from './restart-matrix/document.ts';
import { EVENTS } from './restart-matrix/events.ts';
import { snapshot } from './restart-matrix/snapshot.ts';
import { type Survival, type SurvivalName, SURVIVALS } from './restart-matrix/survivals.ts';
import { echoServer, Traffic, type TrafficReport, untilEchoed } from './restart-matrix/traffic.ts';

const container = 'web';
const address = '10.1.0.2';
const hostAddress = '10.112.11.1';
const withinMs = 1_000;
/** Until all is as before, where no time is stated. */
const settledMs = 10_000;
const survivals = Object.entries(SURVIVALS) as [SurvivalName, Survival][];

/** Whether the engine has a part in it: the rest is the same on every release. */
const dependsOnEngine = ({ liveRestore, containers }: Survival): boolean =>
  liveRestore !== undefined || containers !== 'keep running';

describe('docs/operations.md', () => {
  it('says what survives what as it is tested here', async () => {
    expect(await documentedRows()).to.deep.equal(rowsOf(Object.values(SURVIVALS)));
  });
});

for (const engine of ENGINES_AT_THE_ENDS) {
  for (const liveRestore of [true, false]) {
    const flags = liveRestore ? ['--live-restore'] : [];
    describe(`what survives what (Docker ${engine} ${flags.join('')})`, () => {
      const stage = setStage({ host: { engine, engineFlags: flags } });
      let otherHost: Host;

      before(async () => {
        await createNetwork(stage.host, 'n', '10.1.0.0/16');
        otherHost = await stage.lab.addHost({ engine: 'none' });
        await otherHost.exec(['ip', 'route', 'add', '10.1.0.0/16', 'via', hostAddress]);
      });

      beforeEach(async () => {
        if (await stage.host.docker('ps', '--quiet', '--filter', `name=${container}`)) return;
        const placed = ['--network', 'n', '--ip', address, '--restart', 'always'];
        await stage.host.docker('run', '--detach', '--name', container, ...placed, ...echoServer);
      });

      for (const [name, survival] of survivals) {
        if ((survival.liveRestore ?? false) !== liveRestore) continue;
        if (!NEWEST_OR_EACH.includes(engine) && !dependsOnEngine(survival)) continue;
        const test =
          it(`${survival.event}: containers ${survival.containers}, traffic: ${survival.traffic}`, async () => {
            const { host } = stage;
            const [ours, pid, traffic] = await Promise.all([
              snapshot(host),
              pidOf(host),
              Traffic.start(otherHost, address),
            ]);

            await EVENTS[name](stage, container);

            if (survival.containers === 'keep running') {
              const deadlineMs = survival.traffic === 'lost for less than 1 s' ? withinMs : settledMs;
              await eventually(async () => expect(await snapshot(host)).to.deep.equal(ours), deadlineMs);
            }
            if (survival.traffic === 'resume with the container') await untilEchoed(otherHost, address);
            await Promise.all([
              expectTraffic(traffic, survival, otherHost),
              expectContainer(host, survival, pid),
              expectKnowledge(host, survival),
            ]);
          });
        // On a machine with other work a second may pass without anything having been done.
        if (survival.traffic === 'lost for less than 1 s') test.retries(2);
      }
    });
  }
}

async function pidOf(host: Host): Promise<string> {
  return inspect(host, container, '{{.State.Pid}}');
}

async function expectTraffic(traffic: Traffic, { traffic: expected }: Survival, otherHost: Host): Promise<void> {
  if (expected !== 'ends') await traffic.flows(100);
  const report = await traffic.end();
  console.log(`        ${summary(report)}`);
  switch (expected) {
    case 'none lost':
      expect(report.lostPings).to.deep.equal([]);
      break;
    case 'lost for less than 1 s':
      expect(report.longestSilenceMs).to.be.lessThan(withinMs);
      break;
    case 'resume with the container':
      return;
    case 'ends':
      expect((await otherHost.exec(['ping', '-c', '1', '-W', '1', address], { check: false })).exitCode).to.equal(1);
      return;
  }
  expect(report.isConnected).to.equal(true);
  expect(report.brokenLines).to.deep.equal([]);
}

async function expectContainer(host: Host, { containers }: Survival, pidBefore: string): Promise<void> {
  if (containers === 'keep running') expect(await pidOf(host)).to.equal(pidBefore);
  if (containers === 'restart') {
    expect(await pidOf(host))
      .to.not.equal(pidBefore)
      .and.not.equal('0');
  }
  if (containers === 'end') expect((await host.tryDocker('inspect', container)).exitCode).to.equal(1);
}

async function expectKnowledge(host: Host, { addresses }: Survival): Promise<void> {
  const run = (...args: string[]): Promise<CommandResult> =>
    host.tryDocker('run', '--rm', '--network', 'n', ...args, 'alpine', 'true');
  const [another, same] = await Promise.all([run(), run('--ip', address)]);
  expect(another).to.deep.include({ exitCode: 0, stderr: '' });
  if (addresses === 'free') {
    expect(same).to.deep.include({ exitCode: 0, stderr: '' });
  } else {
    expect(same.exitCode).to.equal(125);
    expect(same.stderr).to.match(/10\.1\.0\.2.* in use by /);
  }
}

function summary({ lostPings, longestSilenceMs }: TrafficReport): string {
  return `${lostPings.length} pings lost, at most ${longestSilenceMs.toFixed(0)} ms in a row`;
}

import { expect } from 'chai';
import { engineDeaths, engineFaults } from './support/doctor/engine-faults.ts';
import { hostFaults } from './support/doctor/host-faults.ts';
import type { Fault } from './support/doctor/fault.ts';
import { kernelFaults } from './support/doctor/kernel-faults.ts';
import { absenceFaults, otherPluginFaults, recordFaults } from './support/doctor/plugin-faults.ts';
import { routerDeaths, routerFaults, routerFileFaults } from './support/doctor/router-faults.ts';
import {
  examine,
  type Examination,
  findingsOf,
  prepareHost,
  undo,
  type ExaminedHost,
} from './support/doctor/examined-host.ts';
import { untilAdjacent } from './support/adjacency.ts';
import { eventually } from './support/eventually.ts';
import { setStage } from './support/stage.ts';

const faults: readonly Fault[] = [
  ...kernelFaults,
  ...hostFaults,
  ...engineFaults,
  ...otherPluginFaults,
  ...recordFaults,
  ...absenceFaults,
  ...routerFaults,
  ...routerFileFaults,
  ...routerDeaths,
  ...engineDeaths,
];
/** It takes two routers with BGP: packages/doctor/test/kernel/router-limits.spec.ts. */
const TOLD_ELSEWHERE = ['router-limits'];
const EXIT_CODES = { note: 0, warning: 1, broken: 2 } as const;
const VERDICTS = ['fine', 'warnings', 'broken'] as const;
const SYSCTL_FILE = '/etc/sysctl.d/60-routed-doctor.conf';

describe('what is wrong with this host (routed-plugin doctor)', () => {
  const stage = setStage({ host: { router: '8.4' } });
  let examined: ExaminedHost;

  before(async function () {
    this.timeout(120_000);
    examined = await prepareHost(stage);
  });

  const expectHealthy = (): Promise<Examination> =>
    eventually(async () => {
      const examination = await examine(examined);
      expect(examination.report.checks.flatMap(({ findings }) => findings)).to.deep.equal([]);
      expect(examination).to.deep.include({ exitCode: 0, named: [] });
      return examination;
    }, 15_000);

  it('finds nothing wrong where all is well, and has a story for every check', async () => {
    const { report } = await expectHealthy();

    const told = new Set([...faults.map(({ check }) => check), ...TOLD_ELSEWHERE]);
    expect(report.checks.map(({ id }) => id)).to.have.members([...told]);
  });

  for (const round of roundsOf(faults)) {
    describe(`names ${round.map(({ what }) => what).join(', ')}`, () => {
      let examination: Examination;
      let text: string;
      const expected = round.flatMap(({ check, also = [] }) => [check, ...also]);
      const othersIn = ({ named }: Examination): string[] => named.filter((id) => !expected.includes(id));

      before(async () => {
        for (const fault of round) await fault.break(examined);
        const options = [...new Set(round.map((fault) => fault.options ?? ''))].join(' ');
        const environment = round.map((fault) => fault.environment ?? '').join(' ');
        // A neighbor is lost, and a repair of the plugin's over, after seconds.
        await eventually(async () => {
          const said = examined.doctor(options, environment);
          examination = await examine(examined, options, environment);
          text = (await said).stdout;
          for (const fault of round) expectNamed(fault, examination);
          expect(othersIn(examination)).to.deep.equal([]);
        }, 8_000).catch(() => undefined);
      });

      after(async () => {
        for (const fault of round) await fault.revert(examined);
        await untilAdjacent(examined.router);
      });

      for (const fault of round) {
        it(`${fault.check}: ${fault.what}`, () => {
          expectNamed(fault, examination);
          expectText(fault, text);
        });
      }

      it('and nothing else, with the exit code of the worst', () => {
        expect(othersIn(examination)).to.deep.equal([]);
        const severities = examination.report.checks.flatMap(({ findings }) =>
          findings.map(({ severity }) => severity),
        );
        const worst = Math.max(...severities.map((severity) => EXIT_CODES[severity]));
        expect(examination.exitCode).to.equal(worst);
        expect(examination.report.verdict).to.equal(VERDICTS[worst]);
      });
    });
  }

  for (const batch of ['first', 'second']) {
    describe(`repairs with --fix, and takes back with --undo (${batch} batch)`, () => {
      const fixable = faults.flatMap((fault) => (fault.fix?.batch === batch ? [{ ...fault, fix: fault.fix }] : []));
      const readStates = async (): Promise<string[]> => {
        const read: string[] = [];
        for (const { fix } of fixable) read.push((await examined.sh(`${fix.state} 2>/dev/null`)).trim());
        return read;
      };
      const states: Record<'broken' | 'repaired' | 'again' | 'undone', readonly string[]> = {
        broken: [],
        repaired: [],
        again: [],
        undone: [],
      };
      let fixing: Examination;
      let second: string;
      let undoing: Awaited<ReturnType<typeof undo>>;
      let nothing: string;

      before(async () => {
        // It would repair some of this by itself.
        await examined.plugin.stop('SIGKILL');
        for (const fault of fixable) await fault.break(examined);
        states.broken = await readStates();
        fixing = await examine(examined, '--fix');
        states.repaired = await readStates();
        second = (await examined.doctor('--fix')).stdout;
        states.again = await readStates();
        undoing = await undo(examined);
        states.undone = await readStates();
        nothing = (await examined.doctor('--undo')).stdout;
      });

      after(async () => {
        for (const fault of fixable) await fault.revert(examined);
        await examined.startPlugin();
      });

      for (const [index, { check, what, fix }] of fixable.entries()) {
        it(`${check}: ${what}`, () => {
          const said = fixing.report.changes.map(({ text }) => text);
          expect(
            said.find((line) => fix.says.test(line)),
            said.join('\n'),
          ).to.not.equal(undefined);
          expect(fixing.report.changes.filter(({ isDone }) => !isDone)).to.deep.equal([]);
          expect(findingsOf(fixing, check)).to.deep.equal([]);
          expect(states.broken[index]).to.not.match(fix.fixed);
          expect(states.repaired[index]).to.match(fix.fixed);
          expect(states.again[index]).to.equal(states.repaired[index]);
          if (fix.isForGood !== true) expect(states.undone[index]).to.equal(states.broken[index]);
        });
      }

      it('does nothing the second time, and has nothing left to undo', async () => {
        expect(second).to.not.contain('reverts this');
        expect(undoing.exitCode).to.equal(0);
        expect(undoing.changes).to.have.lengthOf.at.least(fixable.length);
        expect(nothing).to.equal('there is nothing to undo\n');
        expect(await examined.sh(`ls ${SYSCTL_FILE} 2>&1 || true`)).to.contain('No such file');
      });
    });
  }

  it('says that a later file of sysctl.d will undo a repair', async () => {
    await examined.sh(
      "printf 'net.ipv4.conf.eth1.forwarding = 0\\n' > /etc/sysctl.d/90-hardening.conf; sysctl -qw net.ipv4.conf.eth1.forwarding=0",
    );

    const { exitCode, report } = await examine(examined, '--fix');

    expect(exitCode).to.equal(1);
    const [failure] = report.changes.filter(({ isDone }) => !isDone);
    expect(failure?.text).to.equal(
      `net/ipv4/conf/eth1/forwarding: /etc/sysctl.d/90-hardening.conf line 1 sets it to 0, and is read after ${SYSCTL_FILE}: ` +
        'delete that line, or it is 0 again after "sysctl --system"',
    );
    await examined.sh('rm /etc/sysctl.d/90-hardening.conf');
    await undo(examined);
    await examined.sh('sysctl -qw net.ipv4.conf.eth1.forwarding=1');
  });

  it('leaves alone at --undo what somebody has changed since', async () => {
    await examined.sh('sysctl -qw net.ipv4.conf.eth1.forwarding=0');
    expect((await examine(examined, '--fix')).exitCode).to.equal(0);
    await examined.sh(`sysctl -qw net.ipv4.conf.eth1.forwarding=0; echo '# mine' >> ${SYSCTL_FILE}`);

    const { changes } = await undo(examined);

    expect(changes).to.have.members([
      `${SYSCTL_FILE}: not reverted, since changed by others`,
      'net/ipv4/conf/eth1/forwarding: left at 0, since changed by others',
    ]);
    await examined.sh(`rm ${SYSCTL_FILE}; sysctl -qw net.ipv4.conf.eth1.forwarding=1`);
  });

  it('finds nothing wrong in the end', expectHealthy);
});

/** Those of one round are made and examined together. */
function roundsOf(all: readonly Fault[]): Fault[][] {
  const rounds = new Map<string | Fault, Fault[]>();
  for (const fault of all) {
    const key = fault.round ?? fault;
    rounds.set(key, [...(rounds.get(key) ?? []), fault]);
  }
  return [...rounds.values()];
}

function expectNamed({ check, severity, found, why, remedy }: Fault, examination: Examination): void {
  const findings = findingsOf(examination, check);
  const match = findings.find((finding) => found.test(finding.found));
  expect(match, JSON.stringify(findings)).to.include({ severity });
  expect(match?.why).to.match(why);
  expect(match?.remedy).to.match(remedy);
}

/** The table says the same, in lines that fit a terminal. */
function expectText({ check, severity, found, why, remedy }: Fault, text: string): void {
  const rows = text.split(/\n(?=(?:broken|warning|note) )/).map((row) => row.replace(/\s+/g, ' '));
  const parts = rows
    .filter((row) => row.startsWith(`${severity} ${check} `))
    .map((row) => /^\w+ \S+ (.*?) Why: (.*?)\. Do: (.*?)\. ?(?:\d+ checks: .*)?$/.exec(row) ?? []);
  const match = parts.find(([, said = '']) => found.test(said));
  expect(match, text).to.not.equal(undefined);
  expect(match?.[2]).to.match(why);
  expect(match?.[3]).to.match(remedy);
  expect(text).to.match(/\d+ checks: \d+ broken, \d+ warnings, \d+ notes/);
}

import { expect } from 'chai';
import { engineDeaths, engineIllnesses } from './support/doctor/engine-illnesses.ts';
import { hostIllnesses } from './support/doctor/host-illnesses.ts';
import type { Illness } from './support/doctor/illness.ts';
import { kernelIllnesses } from './support/doctor/kernel-illnesses.ts';
import { absenceIllnesses, otherPluginIllnesses, recordIllnesses } from './support/doctor/plugin-illnesses.ts';
import { routerDeaths, routerIllnesses } from './support/doctor/router-illnesses.ts';
import { examine, type Examination, findingsOf, prepareWard, undo, type Ward } from './support/doctor/ward.ts';
import { untilAdjacent } from './support/adjacency.ts';
import { eventually } from './support/eventually.ts';
import { setStage } from './support/stage.ts';

const illnesses: readonly Illness[] = [
  ...kernelIllnesses,
  ...hostIllnesses,
  ...engineIllnesses,
  ...otherPluginIllnesses,
  ...recordIllnesses,
  ...absenceIllnesses,
  ...routerIllnesses,
  ...routerDeaths,
  ...engineDeaths,
];
const EXIT_CODES = { note: 0, warning: 1, broken: 2 } as const;
const VERDICTS = ['fine', 'warnings', 'broken'] as const;
const SYSCTL_FILE = '/etc/sysctl.d/60-routed-doctor.conf';

describe('what is wrong with this host (routed-plugin doctor)', () => {
  const stage = setStage({ host: { router: '8.4' } });
  let ward: Ward;

  before(async function () {
    this.timeout(120_000);
    ward = await prepareWard(stage);
  });

  const expectHealthy = (): Promise<Examination> =>
    eventually(async () => {
      const examination = await examine(ward);
      expect(examination.report.checks.flatMap(({ findings }) => findings)).to.deep.equal([]);
      expect(examination).to.deep.include({ exitCode: 0, named: [] });
      return examination;
    }, 15_000);

  it('finds nothing wrong where all is well, and has a story for every check', async () => {
    const { report } = await expectHealthy();

    const told = new Set(illnesses.map(({ check }) => check));
    expect(report.checks.map(({ id }) => id)).to.have.members([...told]);
  });

  for (const round of roundsOf(illnesses)) {
    describe(`names ${round.map(({ what }) => what).join(', ')}`, () => {
      let examination: Examination;
      let text: string;
      const expected = round.flatMap(({ check, also = [] }) => [check, ...also]);
      const othersIn = ({ named }: Examination): string[] => named.filter((id) => !expected.includes(id));

      before(async () => {
        for (const illness of round) await illness.break(ward);
        const options = [...new Set(round.map((illness) => illness.options ?? ''))].join(' ');
        const environment = round.map((illness) => illness.environment ?? '').join(' ');
        // A neighbor is lost, and a repair of the plugin's over, after seconds.
        await eventually(async () => {
          const said = ward.doctor(options, environment);
          examination = await examine(ward, options, environment);
          text = (await said).stdout;
          for (const illness of round) expectNamed(illness, examination);
          expect(othersIn(examination)).to.deep.equal([]);
        }, 8_000).catch(() => undefined);
      });

      after(async () => {
        for (const illness of round) await illness.heal(ward);
        await untilAdjacent(ward.router);
      });

      for (const illness of round) {
        it(`${illness.check}: ${illness.what}`, () => {
          expectNamed(illness, examination);
          expectText(illness, text);
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
      const cured = illnesses.flatMap((illness) =>
        illness.cure?.batch === batch ? [{ ...illness, cure: illness.cure }] : [],
      );
      const readStates = async (): Promise<string[]> => {
        const read: string[] = [];
        for (const { cure } of cured) read.push((await ward.sh(`${cure.state} 2>/dev/null`)).trim());
        return read;
      };
      const states: Record<'broken' | 'repaired' | 'again' | 'undone', readonly string[]> = {
        broken: [],
        repaired: [],
        again: [],
        undone: [],
      };
      let fix: Examination;
      let second: string;
      let undoing: Awaited<ReturnType<typeof undo>>;
      let nothing: string;

      before(async () => {
        // It would repair some of this by itself.
        await ward.plugin.stop('SIGKILL');
        for (const illness of cured) await illness.break(ward);
        states.broken = await readStates();
        fix = await examine(ward, '--fix');
        states.repaired = await readStates();
        second = (await ward.doctor('--fix')).stdout;
        states.again = await readStates();
        undoing = await undo(ward);
        states.undone = await readStates();
        nothing = (await ward.doctor('--undo')).stdout;
      });

      after(async () => {
        for (const illness of cured) await illness.heal(ward);
        await ward.startPlugin();
      });

      for (const [index, { check, what, cure }] of cured.entries()) {
        it(`${check}: ${what}`, () => {
          const said = fix.report.changes.map(({ text }) => text);
          expect(
            said.find((line) => cure.says.test(line)),
            said.join('\n'),
          ).to.not.equal(undefined);
          expect(fix.report.changes.filter(({ isDone }) => !isDone)).to.deep.equal([]);
          expect(findingsOf(fix, check)).to.deep.equal([]);
          expect(states.broken[index]).to.not.match(cure.cured);
          expect(states.repaired[index]).to.match(cure.cured);
          expect(states.again[index]).to.equal(states.repaired[index]);
          if (cure.isForGood !== true) expect(states.undone[index]).to.equal(states.broken[index]);
        });
      }

      it('does nothing the second time, and has nothing left to undo', async () => {
        expect(second).to.not.contain('reverts this');
        expect(undoing.exitCode).to.equal(0);
        expect(undoing.changes).to.have.lengthOf.at.least(cured.length);
        expect(nothing).to.equal('there is nothing to undo\n');
        expect(await ward.sh(`ls ${SYSCTL_FILE} 2>&1 || true`)).to.contain('No such file');
      });
    });
  }

  it('says that a later file of sysctl.d will undo a repair', async () => {
    await ward.sh(
      "printf 'net.ipv4.conf.eth1.forwarding = 0\\n' > /etc/sysctl.d/90-hardening.conf; sysctl -qw net.ipv4.conf.eth1.forwarding=0",
    );

    const { exitCode, report } = await examine(ward, '--fix');

    expect(exitCode).to.equal(1);
    const [failure] = report.changes.filter(({ isDone }) => !isDone);
    expect(failure?.text).to.equal(
      `net/ipv4/conf/eth1/forwarding: /etc/sysctl.d/90-hardening.conf line 1 sets it to 0, and is read after ${SYSCTL_FILE}: ` +
        'delete that line, or it is 0 again after "sysctl --system"',
    );
    await ward.sh('rm /etc/sysctl.d/90-hardening.conf');
    await undo(ward);
    await ward.sh('sysctl -qw net.ipv4.conf.eth1.forwarding=1');
  });

  it('leaves alone at --undo what somebody has changed since', async () => {
    await ward.sh('sysctl -qw net.ipv4.conf.eth1.forwarding=0');
    expect((await examine(ward, '--fix')).exitCode).to.equal(0);
    await ward.sh(`sysctl -qw net.ipv4.conf.eth1.forwarding=0; echo '# mine' >> ${SYSCTL_FILE}`);

    const { changes } = await undo(ward);

    expect(changes).to.have.members([
      `${SYSCTL_FILE}: not reverted, since changed by others`,
      'net/ipv4/conf/eth1/forwarding: left at 0, since changed by others',
    ]);
    await ward.sh(`rm ${SYSCTL_FILE}; sysctl -qw net.ipv4.conf.eth1.forwarding=1`);
  });

  it('finds nothing wrong in the end', expectHealthy);
});

/** Those of one round are made and examined together. */
function roundsOf(all: readonly Illness[]): Illness[][] {
  const rounds = new Map<string | Illness, Illness[]>();
  for (const illness of all) {
    const key = illness.round ?? illness;
    rounds.set(key, [...(rounds.get(key) ?? []), illness]);
  }
  return [...rounds.values()];
}

function expectNamed({ check, severity, found, why, remedy }: Illness, examination: Examination): void {
  const findings = findingsOf(examination, check);
  const match = findings.find((finding) => found.test(finding.found));
  expect(match, JSON.stringify(findings)).to.include({ severity });
  expect(match?.why).to.match(why);
  expect(match?.remedy).to.match(remedy);
}

/** The table says the same, in lines that fit a terminal. */
function expectText({ check, severity, found, why, remedy }: Illness, text: string): void {
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

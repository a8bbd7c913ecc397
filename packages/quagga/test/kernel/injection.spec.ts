import { expect } from 'chai';
import fc from 'fast-check';
import { converge } from '../../src/apply/execute.ts';
import { openSandbox } from '../../src/check/sandbox.ts';
import { inspectModel } from '../../src/validation/validate.ts';
import type { DaemonName } from '../../src/render/config.ts';
import { render } from '../../src/render/render.ts';
import { mergeTrees, parseConfig } from '../../src/text/parse.ts';
import { openDaemons, readRunning } from '../../src/vty/running.ts';
import { requireFrr } from '../support/router.ts';

const DAEMONS: readonly DaemonName[] = ['zebra', 'ospfd', 'bgpd'];
const TEXTS = process.env.ROUTED_ATTACK === 'all' ? 2000 : 60;
/** As many neighbors as fit into one model. */
const MOST = 200;

/** A router with these texts everywhere where an operator, or a name from elsewhere, may put one. */
function modelWith(notes: readonly string[], secrets: readonly string[]): unknown {
  const [note = 'benign'] = notes;
  const many = Array.from({ length: Math.max(notes.length, secrets.length) }, (_, index) => index);
  const neighbors = many.map((index) => ({
    address: `10.0.1.${index + 2}`,
    remoteAs: 65002,
    ...(notes[index] === undefined ? {} : { description: notes[index] }),
    ...(secrets[index] === undefined ? {} : { password: secrets[index] }),
  }));
  const lists = notes.map((description, index): [string, unknown] => [
    `A.list-of_mine${index}`,
    { family: 'ipv4', description, entries: [{ action: 'permit', prefix: '10.0.0.0/8' }] },
  ]);
  const interfaces = many.map((index): [string, unknown] => [
    `eth${index}`,
    {
      ...(notes[index] === undefined ? {} : { description: notes[index] }),
      ospf: { authentication: { type: 'simple', key: (secrets[index] ?? 'benign').slice(0, 8) } },
    },
  ]);
  return {
    routerId: '10.0.0.1',
    containers: ['10.112.0.0/12'],
    interfaces: Object.fromEntries(interfaces),
    ospf: {},
    bgp: { asn: 65001, neighbors },
    prefixLists: Object.fromEntries(lists),
    routeMaps: { MINE: { family: 'ipv4', entries: [{ action: 'permit', description: note }] } },
  };
}

/** Texts that mean something to a terminal, a parser of configurations, or a shell. */
const HOSTILE = [
  'x\nno router ospf',
  'x\r\nno router ospf',
  'x\u0000no router ospf',
  'x\u2028no router ospf',
  'x\tno router ospf',
  '! a comment',
  '# a comment',
  'what is this ?',
  '?',
  'x | include y',
  '| include y',
  'a|b',
  'a|include',
  'x ! exit',
  'exit',
  'end',
  'no',
  '$(reboot) `reboot` ; reboot && reboot',
  '"quoted" \'quoted\' \\',
  'größer 中文 🙂',
  '\u001b[2Jx',
  '<cr>',
  'A'.repeat(80),
  'A'.repeat(81),
  'A'.repeat(10_000),
];

const text = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom('!', '?', '|', '#', ' ', '"', "'", '\\', '$', 'a', '\t', '\n', 'é', '<', '('),
    minLength: 1,
    maxLength: 20,
  }),
  fc.string({
    unit: fc.constantFrom('!', '|', '#', '"', "'", '\\', '$', 'a', '<', '(', '&', ';'),
    minLength: 1,
    maxLength: 8,
  }),
);

describe('text of an operator on real daemons', function () {
  this.timeout(200_000);
  before(requireFrr);

  it(`is refused, or is the line that it should be and no other, from the file and over the vty (${TEXTS} texts)`, async () => {
    await using sandbox = await openSandbox({ daemons: DAEMONS });
    await using daemons = await openDaemons(sandbox.vtyDir);
    const texts = [...HOSTILE, ...fc.sample(text, { numRuns: TEXTS, seed: Number(process.env.SEED ?? 7) })];
    const isAccepted = (input: unknown): boolean => inspectModel(input).model !== undefined;
    const notes = texts.filter((one) => isAccepted(modelWith([one], []))).slice(0, MOST);
    const secrets = texts.filter((one) => isAccepted(modelWith([], [one]))).slice(0, MOST);
    const { model } = inspectModel(modelWith(notes, secrets));
    const file = render(model!, 'frr').files.find(({ name }) => name === 'frr.conf')!.text;
    await using fresh = await openSandbox({ daemons: DAEMONS });
    const loaded = await fresh.load(file);
    await using lines = await openDaemons(fresh.vtyDir);
    const desired = await readRunning(lines);

    const { left, refused } = await converge(daemons, desired);

    expect(
      [notes.length, secrets.length].every((count) => count > 15),
      `${notes.length} ${secrets.length}`,
    ).to.equal(true);
    expect({ messages: loaded.messages, left, refused }).to.deep.equal({ messages: [], left: [], refused: [] });
    for (const running of [desired, await readRunning(daemons)]) {
      const tree = mergeTrees(running.values());
      expect(linesOf(tree)).to.have.members(linesOf(parseConfig(file)));
    }
  });

  it('that means a line of its own is refused', () => {
    for (const one of HOSTILE.filter((candidate) => /[\p{Cc}\p{Zl}]|\|/u.test(candidate)))
      expect(inspectModel(modelWith([one], [])).model, JSON.stringify(one)).to.equal(undefined);
  });
});

function linesOf(tree: ReturnType<typeof parseConfig>): string[] {
  return [...tree.values()].flatMap(({ path, lines }) => lines.map((line) => [...path, line].join(' / ')));
}

import { expect } from 'chai';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { OperatedDaemon } from './support/operated-daemon.ts';
import { runLine } from './support/run-line.ts';

/** What is typed behind each command that has --json. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  'address list': '',
  'address add': 'web 10.1.0.3',
  'address remove': 'web 10.1.0.3',
  'ingress show': 'web',
  'ingress set': 'web 10.0.0.0/8',
  'ingress test': 'web 10.1.2.3:443/tcp',
  'ingress suggest': 'web',
  'egress show': 'web',
  'egress set': 'web any',
  'egress test': 'web 10.1.2.3:443/tcp',
  'egress suggest': 'web',
  'limit show': 'web',
  'limit set': 'web --in off',
  announce: 'web --policy manual',
  withdraw: 'web',
  drain: 'web',
  undrain: 'web',
  handover: '--status',
  'network block': 'web-net',
  status: '',
  events: '',
  refused: 'web',
  'network forget': '10.200.0.0/16',
};

/** They look at the host itself, and have tests of their own. */
const OF_THE_HOST = ['doctor', 'cleanup', 'why', 'whois', 'ping', 'selftest', 'bundle', 'top'];

/** Commands with --json, such as `address list`. */
function withJson(command: Command, path: readonly string[] = []): string[] {
  const own = command.options.some(({ long }) => long === '--json') ? [path.join(' ')] : [];
  return [...own, ...command.commands.flatMap((child) => withJson(child, [...path, child.name()]))];
}

/** Every value in it that is a number as text. */
function digitsIn(value: unknown): string[] {
  if (typeof value === 'string') return /^-?\d+$/.test(value) ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(digitsIn) : [];
}

describe('what --json prints', () => {
  let host: OperatedDaemon;

  before(async () => {
    host = await OperatedDaemon.start();
  });
  after(() => host.close());

  it('is examined for every command that has it', () => {
    const all = withJson(createProgram('1')).filter((path) => !OF_THE_HOST.includes(path));

    expect(all).to.have.members(Object.keys(ARGUMENTS));
  });

  for (const [path, more] of Object.entries(ARGUMENTS)) {
    it(`has a version, names, and numbers that are numbers: ${path}`, async () => {
      const words = `${path} ${more}`.trim().split(' ');

      const { stdout, stderr } = await runLine([...words, '--json'], { ROUTED_ADMIN_SOCKET: host.adminSocket });

      const isLines = path === 'events' || path === 'refused';
      const printed: unknown[] = isLines ? stdout.trim().split('\n') : [JSON.parse(stdout)];
      const objects = printed.flatMap((one) => (typeof one === 'string' ? JSON.parse(one || '[]') : one) as object[]);
      for (const one of objects) expect(one, stdout).to.include({ schemaVersion: 1 });
      expect(digitsIn(objects), 'numbers as text').to.deep.equal([]);
      if (/"container":/.test(stdout)) expect(stdout).to.match(/"container": ?"web"/);
      expect(stderr).to.equal('');
    });
  }
});

import { optionsOf } from '@routed/driver';
import { expect } from 'chai';
import type { Command } from 'commander';
import { createProgram } from '../../../../packages/daemon/src/cli/program.ts';
import { codeSpans, readPage, tableRows } from '../../markdown.ts';

const PAGE = 'docs/options.md';
/** They ask no daemon, and print what other programs read. */
const LOCAL: readonly string[] = ['routed-plugin completion'];
const program = createProgram('1');

/** The commands that do something, by what is typed. */
function commandsOf(command: Command, path = command.name()): Map<string, Command> {
  if (command.commands.length === 0) return new Map([[path, command]]);
  return new Map(command.commands.flatMap((child) => [...commandsOf(child, `${path} ${child.name()}`)]));
}

describe(PAGE, () => {
  it('has every option of the daemon with its variable and its default, and no other', () => {
    const serve = commandsOf(program).get('routed-plugin serve');
    const expected = serve?.options.map(({ flags, envVar = '', defaultValue, defaultValueDescription }) => {
      const fallback = defaultValueDescription ?? (defaultValue as string | undefined);
      return [flags, envVar, fallback ?? 'none'];
    });

    const documented = tableRows(PAGE, 'The daemon')
      .filter(([option]) => option?.startsWith('`'))
      .map((cells) => cells.slice(0, 3).map((cell) => cell.replaceAll('`', '')));

    expect(documented).to.deep.equal(expected);
  });

  for (const [scope, heading, flag] of [
    ['network', 'Networks', '-o '],
    ['endpoint', 'Endpoints', ''],
  ] as const) {
    it(`has every ${scope} option as the driver declares it, and no other`, () => {
      const expected = optionsOf(scope).map(({ key, changedBy, docs: [example, absent, meaning] }) => {
        const change = changedBy === undefined ? '' : `; changed by \`${changedBy}\``;
        return [`\`${flag}${key}=${example}\``, absent, `${meaning}${change}`];
      });

      const documented = tableRows(PAGE, heading).filter(([option]) => option?.includes('routed.'));

      expect(documented).to.have.deep.members(expected);
    });
  }

  it('has every command with its arguments and options, and no other', () => {
    const common = ['--admin-socket', '--json'];
    const expected = [...commandsOf(program)]
      .filter(([path]) => path !== 'routed-plugin serve')
      .map(([path, { options, registeredArguments }]) => {
        const words = registeredArguments.map((argument) =>
          argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
        );
        expect(
          options.map(({ long }) => long),
          path,
        ).to.include.members(LOCAL.includes(path) ? [] : common);
        const own = options.filter(({ long }) => !common.includes(long ?? ''));
        return [[path, ...words].join(' '), ...own.map(({ flags }) => flags)];
      });

    const documented = tableRows(PAGE, 'Commands')
      .filter(([command]) => command?.startsWith('`'))
      .map((cells) => cells.flatMap(codeSpans));

    expect(documented).to.have.deep.members(expected);
  });

  it('names every variable that the daemon reads', () => {
    const variables = [...commandsOf(program).values()].flatMap(({ options }) => options.map(({ envVar }) => envVar));
    for (const variable of new Set(variables))
      if (variable !== undefined) expect(readPage(PAGE)).to.contain(`\`${variable}\``);
  });
});

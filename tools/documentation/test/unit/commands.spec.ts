import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type Command, CommanderError } from 'commander';
import { createProgram } from '../../../../packages/daemon/src/cli/program.ts';
import type { CliEnvironment } from '../../../../packages/quagga/src/cli/environment.ts';
import { createProgram as createQuaggaConfig } from '../../../../packages/quagga/src/cli/program.ts';
import { commandsOf, type TypedCommand } from '../../commands.ts';
import { allPages, codeBlocks, codeSpans, proseOf, REPOSITORY } from '../../markdown.ts';

/** Programs of others that pages tell readers to type. */
const OTHERS = new Set(
  `apt apt-ftparchive apt-get cd chmod cp curl dmesg docker echo export for done git gpg grep head ip iptables journalctl kill ln ls less man mkdir mount mv nft
   npm nsenter ping printf rm rsync scp sed ssh sysctl systemctl tail tar tcpdump test traceroute umount vagrant vtysh cat node mocha tsx
   lerna dpkg jq watch tee ss set env true sleep nc`.split(/\s+/),
);

const OURS = ['routed-plugin', 'quagga-config'];

/** The sources of a tool of ours, where its options are spelled. */
const TOOL_SOURCES: Readonly<Record<string, string>> = {
  'tools/bench': 'tools/benchmark/src',
  'tools/demo': 'tools/demonstration',
  'tools/fuzz': 'tools/fuzzing',
  'tools/lab/lab': 'tools/lab/src',
};

/** What running text names may be a command without what has to follow it. */
const INCOMPLETE = ['commander.missingArgument', 'commander.optionMissingArgument', 'commander.help'];

/** Reads a command line as the program would, and does nothing. */
function parseOnly(program: Command, args: readonly string[], allowed: readonly string[] = []): void {
  silence(program);
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError) || (error.exitCode !== 0 && !allowed.includes(error.code))) throw error;
  }
}

function silence(command: Command): void {
  command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
  for (const child of command.commands) silence(child);
}

function sourceOf(tool: string): string {
  const files = [`${REPOSITORY}${tool}`];
  const folder = TOOL_SOURCES[tool];
  if (folder !== undefined) {
    const entries = readdirSync(`${REPOSITORY}${folder}`, { withFileTypes: true, recursive: true });
    for (const { name, parentPath } of entries) if (name.endsWith('.ts')) files.push(`${parentPath}/${name}`);
  }
  return files.map((file) => readFileSync(file, 'utf8')).join('\n');
}

function checkTool(tool: string, args: readonly string[]): void {
  accessSync(`${REPOSITORY}${tool}`, constants.X_OK);
  // What follows is for docker, or for the host.
  if (tool === 'tools/build-image' || (tool === 'tools/lab/lab' && ['docker', 'exec'].includes(args[0] ?? ''))) return;
  const source = sourceOf(tool);
  for (const option of args.filter((arg) => arg.startsWith('--'))) {
    expect(source).to.match(new RegExp(`${option.split('=')[0] ?? ''}(?![\\w-])`));
  }
}

const { scripts } = JSON.parse(readFileSync(`${REPOSITORY}package.json`, 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** Everything that titles of tests are made of. */
const specs = ['e2e', 'packages', 'tools']
  .flatMap((folder) => readdirSync(`${REPOSITORY}${folder}`, { withFileTypes: true, recursive: true }))
  .filter(({ name, parentPath }) => name.endsWith('.spec.ts') && !/node_modules|dist|documentation/.test(parentPath))
  .map(({ name, parentPath }) => readFileSync(`${parentPath}/${name}`, 'utf8'));

/** One of our programs is parsed by its own command line. */
function checkProgram(program: string, args: readonly string[], allowed?: readonly string[]): void {
  const parser =
    program === 'routed-plugin' ? createProgram('1') : createQuaggaConfig({} as CliEnvironment, () => undefined);
  parseOnly(parser, args, allowed);
}

function check({ words: [program = '', ...args] }: TypedCommand): void {
  const tool = program.replace(/^\.\//, '');
  const title = args[args.indexOf('--fgrep') + 1] ?? '';
  if (args.includes('--fgrep'))
    expect(
      specs.some((spec) => spec.includes(title)),
      title,
    ).to.equal(true);
  if (OURS.includes(program)) checkProgram(program, args);
  else if (tool.startsWith('tools/') || tool === '.ci/run') checkTool(tool, args);
  else if (program === 'npm' && args[0] === 'run')
    expect(Object.keys(scripts)).to.include(args.find((arg) => !arg.startsWith('-') && arg !== 'run'));
  else expect([...OTHERS]).to.include(program);
}

describe('commands in the pages', () => {
  const commands = allPages().flatMap(codeBlocks).flatMap(commandsOf);

  it('are found', () => {
    const ours = commands.filter(({ words: [program = ''] }) => OURS.includes(program));

    expect(ours).to.have.length.greaterThan(20);
  });

  for (const command of commands) {
    it(`${command.page}:${command.line}: ${command.words.join(' ').slice(0, 90)}`, () => {
      check(command);
    });
  }

  for (const page of allPages()) {
    for (const span of new Set(codeSpans(proseOf(page)))) {
      const [program = '', ...args] = span.replace(/\$\([^)]*\)/g, 'PID').split(' ');
      // Messages begin with the program's name as well.
      if (!OURS.includes(program) || args.length === 0 || /^(needs|does|has)$/.test(args[0] ?? '')) continue;
      it(`${page}, in running text: ${span}`, () => {
        // A placeholder is none of the choices that an argument has.
        const isPattern = args.some((arg) => /^<\S+>$/.test(arg));
        checkProgram(program, args, [...INCOMPLETE, ...(isPattern ? ['commander.invalidArgument'] : [])]);
      });
    }
  }

  it('would be refused if they were wrong', () => {
    const wrong = [
      'routed-plugin adress list',
      'routed-plugin status --jsn',
      'quagga-config render --preset wan',
      'tools/fuzz --run 1',
      "npm run test:e2e -- --fgrep 'a title of no test'",
    ];
    for (const line of wrong) {
      const [typed] = commandsOf({ page: '', line: 1, language: 'sh', text: line });
      expect(() => check(typed!), line).to.throw();
    }
  });
});

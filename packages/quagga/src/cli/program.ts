import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { RouterModel } from '../model/router.ts';
import { drained } from '../preset/drain.ts';
import { PRESETS } from '../preset/presets.ts';
import { DIALECTS } from '../dialect.ts';
import {
  type ApplyFlags,
  type ChangeFlags,
  type PendingFlags,
  applyCommand,
  confirmCommand,
  planCommand,
  revertCommand,
} from './change-commands.ts';
import { type CheckFlags, checkCommand } from './check-command.ts';
import { type DiffFlags, diffCommand } from './diff-command.ts';
import { type CliEnvironment, EXIT, type ExitCode } from './environment.ts';
import { initCommand, schemaCommand } from './host-commands.ts';
import { otherWordFor } from './other-words.ts';
import { type RenderFlags, renderCommand } from './render-command.ts';
import { didYouMean } from '@routed/text';
import { VERSION } from '../version.ts';

const EXIT_CODES = `
Exit status:
  0  done, or nothing differs
  1  the input is invalid, or the dialect lacks a feature
  2  the daemons reject the configuration
  3  the checker is not installed or may not run
  4  there are differences (diff, plan)
  5  not applied: the router is unchanged, or back where it was
  6  not applied, and the rollback failed
  7  a running daemon cannot be reached`;

function collect(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('It is not a whole number, such as 65001.');
  return Number(value);
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000 };
const LONGEST_MS = 600_000;

/** `30s` or `2m`, from 1 s to 10 m, in milliseconds. */
function duration(value: string): number {
  const [, count, unit = ''] = /^(\d+)([sm])$/.exec(value) ?? [];
  const ms = Number(count ?? 0) * (UNITS_MS[unit] ?? 0);
  if (ms === 0 || ms > LONGEST_MS) throw new InvalidArgumentError('It is a time from 1s to 10m, such as 30s.');
  return ms;
}

/** The flags that describe a router; a file says the same and more. */
function withInput(command: Command): Command {
  return command
    .argument('[file]', 'YAML or JSON file; - is the standard input')
    .addOption(new Option('--dialect <name>', 'whose configuration language').choices(DIALECTS))
    .addOption(new Option('--protocol <name>', 'routing protocol').choices(['ospf', 'bgp']))
    .addOption(new Option('--preset <name>', 'tuned defaults').choices(PRESETS))
    .option('--router-id <address>', 'router id, unique in the network')
    .option('--hostname <name>', 'name of the router')
    .option('--interface <name>', 'interface to other routers (repeatable)', collect)
    .option('--network <prefix>', 'network whose interfaces run OSPF (repeatable)', collect)
    .option(
      '--container <prefix>',
      'container prefix that may be announced; default the networks (repeatable)',
      collect,
    )
    .option('--area <id>', 'OSPF area')
    .option('--asn <number>', 'own AS number', wholeNumber)
    .option('--neighbor <address[=asn]>', 'BGP neighbor (repeatable)', collect)
    .option('--json', 'structured output');
}

function withPlace(command: Command): Command {
  return command
    .option('--vty-dir <path>', 'where the daemons’ vty sockets are (/run/frr, /run/quagga)')
    .option('--config-dir <path>', 'where the configuration files are (/etc/frr, /etc/quagga)');
}

function withTarget(command: Command): Command {
  return withPlace(command).option(
    '--daemon-dir <path>',
    'where the daemons are installed (/usr/lib/frr, /usr/lib/quagga)',
  );
}

function withChange(command: Command): Command {
  return withTarget(withInput(command)).option(
    '--take-over',
    'also remove lines that the model cannot express: addresses, static routes, logging',
  );
}

function withApply(command: Command): Command {
  return withChange(command)
    .addOption(
      new Option('--allow <effect>', 'the gravest effect to accept')
        .choices(['hitless', 'flaps', 'restart'])
        .default('hitless'),
    )
    .option('--accept-unknown', 'also apply changes with unknown effects')
    .option(
      '--restart-command <command>',
      'program and arguments that restart the routing suite, where a change needs it; no shell',
    )
    .addOption(
      new Option('--confirm <who>', 'who decides that a change stays: neighbors and routes, "confirm", or nobody')
        .choices(['auto', 'manual', 'none'])
        .default('auto'),
    )
    .option('--confirm-within <time>', 'revert after that time, 1s to 10m (30s, or OSPF’s dead interval)', duration);
}

/** Says which command was meant. Commander would answer the --help of a command that there is not. */
function refuseUnknown(program: Command): void {
  const refuse = (): void => {
    const [word] = program.args[0] === 'help' ? program.args.slice(1) : program.args;
    const names = [...program.commands.map((command) => command.name()), 'help'];
    if (word === undefined || names.includes(word)) return;
    if (word.startsWith('-')) return;
    const other = otherWordFor(word);
    const meant = other === undefined ? didYouMean(word, names) : `; did you mean "quagga-config ${other}"?`;
    program.error(`error: unknown command '${word}'${meant}`);
  };
  program.on('command:*', refuse);
  program.on('beforeAllHelp', refuse);
}

/** The commands that take no router. */
function addOthers(
  add: (name: string, description: string) => Command,
  environment: CliEnvironment,
  finish: (code: ExitCode) => void,
): void {
  withPlace(add('confirm', 'keep a change that "apply --confirm manual" made')).action(async (flags: PendingFlags) =>
    finish(await confirmCommand(environment, flags)),
  );
  withPlace(add('revert', 'undo a change that is not confirmed, or that was interrupted'))
    .addOption(new Option('--when-due <id>', 'watch over a change until it is finished').hideHelp())
    .action(async (flags: PendingFlags) => finish(await revertCommand(environment, flags)));
  add('init', 'propose a model from this host’s interfaces and routes')
    .addOption(new Option('--protocol <name>', 'routing protocol').choices(['ospf', 'bgp']))
    .addOption(new Option('--dialect <name>', 'whose configuration language').choices(DIALECTS))
    .action(async (flags: Parameters<typeof initCommand>[1]) => finish(await initCommand(environment, flags)));
  add('schema', 'print the JSON schema of the input').action(() => finish(schemaCommand(environment)));
}

/** The command line. Every action reports its exit status through `finish`. */
export function createProgram(environment: CliEnvironment, finish: (code: ExitCode) => void): Command {
  const program = new Command('quagga-config')
    .description('Configuration of Quagga and FRR for routed container networks')
    .addHelpText('after', EXIT_CODES)
    .version(VERSION)
    .showHelpAfterError('(quagga-config --help lists the commands)')
    .exitOverride()
    .configureOutput({ writeOut: environment.write, writeErr: environment.complain });
  refuseUnknown(program);
  const add = (name: string, description: string): Command => program.command(name).description(description);

  withInput(add('render', 'print or write the configuration files'))
    .option('--output <dir>', 'write the files there, mode 0640')
    .option('--file <name>', 'only this file')
    .action(async (file: string | undefined, flags: RenderFlags) =>
      finish(await renderCommand(environment, file, flags)),
    );
  withTarget(withInput(add('check', 'check the model, then let the real daemons check the result')))
    .addOption(
      new Option('--checker <name>', 'depth of the check')
        .choices(['auto', 'none', 'vtysh', 'daemons'])
        .default('auto'),
    )
    .action(async (file: string | undefined, flags: CheckFlags) =>
      finish(await checkCommand(environment, file, flags)),
    );
  withTarget(withInput(add('diff', 'compare with a file, a folder or the running router')))
    .option('--against <path>', 'file or folder; default: what runs')
    .action(async (file: string | undefined, flags: DiffFlags) => finish(await diffCommand(environment, file, flags)));
  withChange(add('plan', 'show the effects on running containers')).action(
    async (file: string | undefined, flags: ChangeFlags) => finish(await planCommand(environment, file, flags)),
  );
  const addApply = (name: string, description: string, change?: (model: RouterModel) => RouterModel): Command =>
    withApply(add(name, description)).action(async (file: string | undefined, flags: ApplyFlags) =>
      finish(await applyCommand(environment, file, flags, change)),
    );
  addApply('apply', 'test, back up, change the running router, wait for neighbors and routes, or roll back');
  addApply('drain', 'apply, and let others use this router only where there is no other way', drained);
  addApply('undrain', 'apply, and let others use this router as before');
  addOthers(add, environment, finish);
  for (const command of program.commands) {
    command.showHelpAfterError(`(usage: quagga-config ${command.name()} ${command.usage()}; --help says more)`);
  }
  return program;
}

/** What a terminal obeys instead of showing it: texts come from files, daemons and links that others name. */
const CONTROL = /(?![\n\t])\p{Cc}/gu;

function harmless(environment: CliEnvironment): CliEnvironment {
  const shown = (text: string): string => text.replace(CONTROL, '\uFFFD');
  return {
    ...environment,
    write: (text) => environment.write(shown(text)),
    complain: (text) => environment.complain(shown(text)),
  };
}

/** Runs one command line (without program and script name) and returns its exit status. */
export async function runCli(args: readonly string[], environment: CliEnvironment): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  try {
    await createProgram(harmless(environment), (status) => (code = status)).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.invalidInput;
    const message = error instanceof Error ? error.message : String(error);
    harmless(environment).complain(`error: ${message}\n`);
    return EXIT.invalidInput;
  }
}

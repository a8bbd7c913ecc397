import { didYouMean, examplesText } from '@routed/text';
import type { Command } from 'commander';
import { addressCommand } from './address-command.ts';
import { bundleCommand } from './bundle-command.ts';
import { cleanupCommand } from './cleanup-command.ts';
import { completionCommand } from './completion-command.ts';
import { drainCommands } from './drain-commands.ts';
import { EXAMPLES } from './examples.ts';
import { doctorCommand } from './doctor-command.ts';
import { announceCommands } from './announce-commands.ts';
import { handoverCommand } from './handover-command.ts';
import { filterCommand } from './filter-commands.ts';
import { limitCommand } from './limit-command.ts';
import { eventsCommand } from './events-command.ts';
import { networkCommand } from './network-command.ts';
import { pingCommand } from './ping-command.ts';
import { refusedCommand } from './refused-command.ts';
import { selftestCommand } from './selftest-command.ts';
import { serveCommand } from './serve-command.ts';
import { adopt, bareProgram } from './serving-program.ts';
import { statusCommand } from './status-command.ts';
import { otherWordFor } from './other-words.ts';
import { topCommand } from './top-command.ts';
import { whoisCommand } from './whois-command.ts';
import { whyCommand } from './why-command.ts';

const EXIT_CODES = `
Exit status:
   0  success, and no problem found
   1  refused, failed, or a problem found; doctor: warnings
   2  doctor: something is broken
  64  invalid command line or variable
  69  routed-plugin or Docker does not answer
  75  drain --wait: connections are left`;

/** The `routed-plugin` command line. Throws commander's error after it has printed help or what is wrong. */
export function createProgram(version: string): Command {
  const program = bareProgram(version);
  const serving = serveCommand();
  program.addCommand(serving, { isDefault: true });
  program.addCommand(addressCommand());
  for (const direction of ['ingress', 'egress'] as const) program.addCommand(filterCommand(direction));
  program.addCommand(limitCommand());
  for (const command of [...announceCommands(), ...drainCommands(), handoverCommand()]) program.addCommand(command);
  program.addCommand(networkCommand());
  program.addCommand(doctorCommand());
  program.addCommand(cleanupCommand());
  program.addCommand(statusCommand());
  program.addCommand(eventsCommand());
  program.addCommand(refusedCommand());
  program.addCommand(whyCommand());
  program.addCommand(whoisCommand());
  program.addCommand(pingCommand());
  program.addCommand(selftestCommand());
  program.addCommand(topCommand());
  program.addCommand(bundleCommand());
  program.addCommand(completionCommand());
  for (const command of program.commands) inheritSettings(command, program);
  for (const command of program.commands) addExamples(command, command.name());
  // It refuses them itself: commander would say that they are too many, of an option before a command.
  serving.allowExcessArguments();
  // Commander would hand what it does not know to the default command, and answer a --help without a look at it.
  program.hook('preSubcommand', refuseUnknownCommand);
  program.on('beforeAllHelp', ({ command }: { readonly command: Command }) => refuseUnknownCommand(command));
  program.addHelpText(
    'after',
    () => `\nOptions of serve, which is also what runs without a command:\n${optionsOf(serving)}${EXIT_CODES}`,
  );
  return program;
}

/** Ends the process when the first word is a mistyped command. */
function refuseUnknownCommand(command: Command): void {
  const [word] = command.args[0] === 'help' ? command.args.slice(1) : command.args;
  const names = command.commands.map((each) => each.name());
  if (names.length === 0 || word === undefined || [...names, 'help'].includes(word)) return;
  const meant = command.parent === null ? otherWordFor(word) : undefined;
  if (word.startsWith('-') && meant === undefined) return;
  // Names below a command are few, and a word that is none of them may be what it is about: "ingress web".
  const known = command.parent === null ? '' : `; ${command.name()} has ${names.join(', ')}`;
  command.error(`error: unknown command '${word}'${meant ?? (didYouMean(word, names) || known)}`);
}

/** Gives a command and those below it the settings of the program. */
function inheritSettings(command: Command, parent: Command, path = parent.name()): void {
  adopt(command, parent, path);
  if (command.commands.length > 0) command.on('command:*', () => refuseUnknownCommand(command));
  for (const child of command.commands) inheritSettings(child, command, `${path} ${command.name()}`);
}

function addExamples(command: Command, words: string): void {
  command.addHelpText('after', () => examplesText(EXAMPLES[words] ?? []));
  for (const child of command.commands) addExamples(child, `${words} ${child.name()}`);
}

/** The options part of a command's help. */
function optionsOf(command: Command): string {
  return command.helpInformation().replace(/^[\s\S]*\nOptions:\n/, '');
}

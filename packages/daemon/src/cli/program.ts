import { Command } from 'commander';
import { addressCommand } from './address-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { ingressCommand } from './ingress-command.ts';
import { eventsCommand } from './events-command.ts';
import { serveCommand } from './serve-command.ts';
import { statusCommand } from './status-command.ts';
import { whyCommand } from './why-command.ts';

/** The `routed-plugin` command line. */
export function createProgram(version: string): Command {
  const program = new Command('routed-plugin')
    .description('Docker network and IPAM plugin that gives every container its own routable addresses')
    .version(version)
    .showHelpAfterError('(routed-plugin --help lists the options)');
  const serving = serveCommand();
  program.addCommand(serving, { isDefault: true });
  program.addCommand(addressCommand());
  program.addCommand(ingressCommand());
  program.addCommand(doctorCommand());
  program.addCommand(statusCommand());
  program.addCommand(eventsCommand());
  program.addCommand(whyCommand());
  for (const command of program.commands) inheritSettings(command, program);
  program.addHelpText(
    'after',
    () => `\nOptions of serve, which is also what runs without a command:\n${optionsOf(serving)}`,
  );
  return program;
}

/** A command that is made elsewhere does not know the settings of the program. */
function inheritSettings(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inheritSettings(child, command);
}

/** The options part of a command's help. */
function optionsOf(command: Command): string {
  return command.helpInformation().replace(/^[\s\S]*\nOptions:\n/, '');
}

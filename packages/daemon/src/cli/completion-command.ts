import { Argument, Command } from 'commander';
import { SHELLS, type Shell } from '../completion/shell-names.ts';
import { sayPrintable } from '../terminal/terminal.ts';

/** `routed-plugin completion`: what a shell reads to complete command lines, from the definitions of all commands. */
export function completionCommand(): Command {
  return new Command('completion')
    .description('print the completion of commands, options, containers and networks for a shell')
    .addArgument(new Argument('<shell>', 'the shell that is to read it').choices(SHELLS))
    .action(print);
}

async function print(shell: Shell, _flags: unknown, command: Command): Promise<void> {
  const { placesOf } = await import('../completion/places.ts');
  const { completionFor } = await import('../completion/shells.ts');
  if (command.parent !== null) sayPrintable(completionFor(shell, placesOf(command.parent, 'serve')).trimEnd());
}

import { Command } from 'commander';
import { complainLines } from '../terminal/terminal.ts';
import { serveCommand } from './serve-command.ts';

/** The program without its commands. Throws commander's error after it has printed help or what is wrong. */
export function bareProgram(version: string): Command {
  return new Command('routed-plugin')
    .description('Docker network and IPAM plugin that gives every container its own routable addresses')
    .version(version)
    .showHelpAfterError('(routed-plugin --help lists commands and options)')
    .configureOutput({ writeErr: complainLines })
    .exitOverride();
}

/**
 * Gives a command, which is made elsewhere, the settings of the one that it is part of.
 *
 * @param path the words that lead to the command, without its own
 */
export function adopt(command: Command, parent: Command, path: string): void {
  command
    .copyInheritedSettings(parent)
    .showHelpAfterError(`(usage: ${path} ${command.name()} ${command.usage()}; --help says more)`);
}

/**
 * Whether the words ask for the daemon and nothing else. It starts sooner, and has less in memory for as long as it runs, without the other commands.
 * Help and words that may be mistakes are left to the whole program.
 */
export function asksToServe(words: readonly string[]): boolean {
  const [command, ...options] = words;
  if (command === undefined) return true;
  const isOption = (word: string | undefined): boolean => word?.startsWith('-') ?? false;
  return (
    command === 'serve' &&
    !options.some((word) => word === '--help' || word === '-h') &&
    options.every((word, index) => isOption(word) || isOption(options[index - 1]))
  );
}

/** The program with the daemon alone, for words of which {@link asksToServe} says so. */
export function servingProgram(version: string): Command {
  const program = bareProgram(version);
  const serving = serveCommand();
  program.addCommand(serving, { isDefault: true });
  adopt(serving, program, program.name());
  serving.allowExcessArguments();
  return program;
}

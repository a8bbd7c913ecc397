import type { Command, Option } from 'commander';

/** A word that may be typed, and what it does, in a line without a full stop. */
export interface Word {
  readonly text: string;
  readonly description: string;
}

/** What an argument or the value of an option is: one of these words, or the name of something that Docker has. */
export type Values = readonly string[] | 'container' | 'network' | 'file' | 'any';

/** Where the cursor may be: behind these commands. */
export interface Place {
  /** Names of commands, such as `address list`; empty behind the program's own name. */
  readonly path: string;
  /** Commands and options. */
  readonly words: readonly Word[];
  /** What the first argument is; undefined: there is none. */
  readonly argument: Values | undefined;
  /** What follows each option that takes a value, by each of its names. */
  readonly values: ReadonlyMap<string, Values>;
}

/**
 * Every place of a command line, from the definitions that also parse it. Pure.
 *
 * @param defaultCommand the command that runs without its name, so that its options may stand behind that of the program
 */
export function placesOf(program: Command, defaultCommand?: string): readonly Place[] {
  const [root, ...others] = placesBelow(program, '');
  if (root !== undefined && defaultCommand === undefined) return [root, ...others];
  const implied = others.find(({ path }) => path === defaultCommand);
  if (root === undefined || implied === undefined) throw new Error(`there is no command ${defaultCommand ?? ''}`);
  const known = new Set(root.words.map(({ text }) => text));
  const words = [...root.words, ...implied.words.filter(({ text }) => !known.has(text))];
  return [{ ...root, words, values: new Map([...root.values, ...implied.values]) }, ...others];
}

function placesBelow(command: Command, path: string): Place[] {
  const help = { text: '--help', description: 'show help' };
  const options = command.options.filter(({ hidden }) => !hidden);
  const place: Place = {
    path,
    words: [
      ...command.commands.map((child) => ({ text: child.name(), description: child.description() })),
      ...options.map((option) => ({ text: option.long ?? option.flags, description: option.description })),
      help,
    ],
    argument: argumentOf(command),
    values: new Map(
      options
        .filter((option) => option.required || option.optional)
        .flatMap((option) =>
          [option.long, option.short].flatMap((name) =>
            name === undefined ? [] : [[name, valuesOf(option)] as const],
          ),
        ),
    ),
  };
  const below = command.commands.flatMap((child) => placesBelow(child, `${path} ${child.name()}`.trim()));
  return [place, ...below];
}

function argumentOf({ registeredArguments: [first] }: Command): Values | undefined {
  if (first === undefined) return undefined;
  if (first.argChoices !== undefined) return first.argChoices;
  const name = first.name();
  if (name === 'network' || name === 'file') return name;
  return name.includes('container') ? 'container' : 'any';
}

function valuesOf({ argChoices, flags }: Option): Values {
  if (argChoices !== undefined) return argChoices;
  if (/<(path|dir)>/.test(flags)) return 'file';
  if (flags.startsWith('--network <name')) return 'network';
  return flags.startsWith('--container') ? 'container' : 'any';
}

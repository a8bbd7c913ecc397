import type { Command } from 'commander';

/** A page of the manual: the name of its file, and its text for man(1). */
export interface ManualPage {
  readonly name: string;
  readonly text: string;
}

/** Where a program belongs: 8 is for administrators, 1 for everybody. Source: man-pages(7). */
export type Section = 1 | 8;

/** The page that a program has for itself, by hand. */
interface Overview {
  readonly program: string;
  readonly section: Section;
}

/** A page for each command that does something, such as `routed-plugin-address-list.8`. Pure. */
export function manualPages(program: Command, section: Section = 8): readonly ManualPage[] {
  return pagesBelow(program, program.name(), { program: program.name(), section });
}

function pagesBelow(command: Command, path: string, overview: Overview): ManualPage[] {
  if (command.commands.length > 0)
    return command.commands.flatMap((child) => pagesBelow(child, `${path} ${child.name()}`, overview));
  const name = path.replaceAll(' ', '-');
  return [{ name: `${name}.${overview.section}`, text: pageOf(command, path, overview) }];
}

/** Source: man(7), groff_man_style(7). */
function pageOf(command: Command, path: string, { program, section }: Overview): string {
  const name = path.replaceAll(' ', '-');
  const synopsis = command.registeredArguments.map((argument) => {
    const word = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? word : `[${word}]`;
  });
  const described = command.registeredArguments.map((argument) => entry(argument.name(), argument.description));
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map((option) => {
      const { flags, description, envVar, argChoices } = option;
      const defaultValue: unknown = option.defaultValue;
      const value = option.defaultValueDescription ?? (typeof defaultValue === 'string' ? defaultValue : undefined);
      const more = [
        ...(argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`]),
        ...(value === undefined ? [] : [`default: ${value}`]),
        ...(envVar === undefined ? [] : [`variable: ${envVar}`]),
      ];
      return entry(flags, more.length === 0 ? description : `${description} (${more.join('; ')})`);
    });
  return [
    `.TH ${name.toUpperCase()} ${section} "" "routed" "${section === 8 ? 'System administration' : 'User commands'}"`,
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(command.description())}`,
    '.SH SYNOPSIS',
    `.B ${escaped(path)}`,
    escaped(['[options]', ...synopsis].join(' ')),
    ...(described.length === 0 ? [] : ['.SH ARGUMENTS', ...described]),
    '.SH OPTIONS',
    ...options,
    entry('-h, --help', 'show help'),
    '.SH EXIT STATUS',
    'As in',
    `.BR ${escaped(program)} (${section}).`,
    '.SH SEE ALSO',
    `.BR ${escaped(program)} (${section})`,
    '',
  ].join('\n');
}

function entry(term: string, text: string): string {
  return `.TP\n.B ${escaped(term)}\n${escaped(text)}`;
}

/** A text that man(1) takes for text: a hyphen that can be copied, and no request at the start of a line. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('\n', ' ')
    .replace(/^(?=[.'])/, '\\&');
}

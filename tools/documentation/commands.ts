import type { CodeBlock } from './markdown.ts';

/** One command of a block, as a shell would start it. */
export interface TypedCommand {
  readonly page: string;
  readonly line: number;
  /** The program and its arguments, without quotes; variables as they are written. */
  readonly words: readonly string[];
}

const SHELLS = ['sh', 'bash', 'console', 'shell'];
/** Words that a program may follow. */
const BEFORE_PROGRAM = new Set(['exec', 'if', '!', 'do', 'then', 'nice', 'time', 'npx']);

/** The commands of a block of shell; none of a block of anything else. */
export function commandsOf({ page, line, language, text }: CodeBlock): TypedCommand[] {
  if (!SHELLS.includes(language)) return [];
  const commands: TypedCommand[] = [];
  let pending = '';
  for (const [index, each] of text.split('\n').entries()) {
    pending += each;
    if (pending.endsWith('\\')) {
      pending = pending.slice(0, -1);
      continue;
    }
    for (const words of split(pending)) commands.push({ page, line: line + index, words });
    pending = '';
  }
  return commands;
}

/** Words of each command of a line: quotes, comments and what stands between commands are known, and nothing else. */
function split(line: string): string[][] {
  const commands: string[][] = [[]];
  const token =
    /\s*(?:(#.*$)|(&&|\|\||[;|()])|(\d?>>?&?\s*\S+|<\s*\S+)|((?:'[^']*'|"(?:\\.|[^"])*"|\\.|[^\s'"\\;|&<>()#]|(?<=\S)#)+)|(\S))/gy;
  for (const [, comment, separator, redirection, word] of line.matchAll(token)) {
    if (comment !== undefined) break;
    if (separator !== undefined) commands.push([]);
    else if (redirection === undefined && word !== undefined) commands.at(-1)?.push(unquote(word));
  }
  return commands.map(withoutPrefix).filter(({ length }) => length > 0);
}

function unquote(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:\\.|[^"])*)"|\\(.)/g,
    (quoted, single?: string, double?: string, escaped?: string) => {
      return single ?? double?.replace(/\\(["$\\`])/g, '$1') ?? escaped ?? quoted;
    },
  );
}

/** Without assignments and helpers before the program; nothing of a debugger's lines. */
function withoutPrefix(words: readonly string[]): string[] {
  if (words[0] === 'debug' || words[0] === 'sudo')
    return words[0] === 'sudo' && words[1] !== '-i' ? words.slice(1) : [];
  const start = words.findIndex((word) => !/^\w+=/.test(word) && !BEFORE_PROGRAM.has(word));
  return start < 0 ? [] : words.slice(start);
}

import type { Place, Values } from './places.ts';
import type { Shell } from './shell-names.ts';

/** Names of containers and networks hold no character that a shell takes for its own. Source: moby daemon/names. */
const CONTAINERS = `docker ps --all --format '{{.Names}}' 2>/dev/null`;
const NETWORKS = `docker network ls --format '{{.Name}}' 2>/dev/null`;

/** The text that a shell reads to complete command lines of a program. Pure. */
export function completionFor(shell: Shell, places: readonly Place[], program = 'routed-plugin'): string {
  // What names of functions may hold.
  const own = `_${program.replaceAll('-', '_')}`;
  return { bash, zsh, fish }[shell](places, { program, own });
}

/** What is completed, and how the names of its functions start. */
interface Names {
  readonly program: string;
  readonly own: string;
}

/** As a word that a shell takes as it is. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The commands that a word may stand for, as patterns of `case`. */
function commandPatterns(places: readonly Place[]): string {
  return places.flatMap(({ path }) => (path === '' ? [] : [quoted(path)])).join(' | ');
}

/** Commands that print what may stand there, one a line. */
function producerOf(values: Values): string {
  if (values === 'container') return CONTAINERS;
  if (values === 'network') return NETWORKS;
  if (values === 'any' || values === 'file') return ':';
  return `printf '%s\\n' ${values.map(quoted).join(' ')}`;
}

function bash(places: readonly Place[], { program, own }: Names): string {
  const words = places.map(({ path, words: typed, argument }) => {
    const more = argument === undefined ? '' : `; ${producerOf(argument)}`;
    return `    ${quoted(path)}) printf '%s\\n' ${typed.map(({ text }) => quoted(text)).join(' ')}${more} ;;`;
  });
  return `# Completion of ${program} for bash.
${own}_path() {
  local word path=
  for word; do
    case "\${path:+$path }$word" in
      ${commandPatterns(places)}) path=\${path:+$path }$word ;;
    esac
  done
  printf '%s' "$path"
}
${own}_words() {
  case $1 in
${words.join('\n')}
  esac
}
${own}_values() {
  case $1 in
${valueCases(places)}
    *) return 1 ;;
  esac
}
${own}() {
  local path previous=\${COMP_WORDS[COMP_CWORD - 1]} current=\${COMP_WORDS[COMP_CWORD]} words word
  path=$(${own}_path "\${COMP_WORDS[@]:1:COMP_CWORD-1}")
  words=$(${own}_values "$path $previous" || ${own}_words "$path")
  COMPREPLY=()
  while IFS= read -r word; do [[ -n $word ]] && COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
}
complete -o default -F ${own} ${program}
`;
}

/** What follows options: one line of \`case\` for each. */
function valueCases(places: readonly Place[]): string {
  return places
    .flatMap(({ path, values }) =>
      [...values].map(([name, value]) => `    ${quoted(`${path} ${name}`)}) ${producerOf(value)} ;;`),
    )
    .join('\n');
}

function zsh(places: readonly Place[], { program, own }: Names): string {
  const cases = places.map(({ path, words, argument }) => {
    const described = words.map(({ text, description }) => quoted(`${text.replaceAll(':', '\\:')}:${description}`));
    const more =
      argument === undefined ? '' : argument === 'file' ? '; _files' : `; more=(\${(f)"$(${producerOf(argument)})"})`;
    return `    ${quoted(path)}) found=(${described.join(' ')})${more} ;;`;
  });
  return `#compdef ${program}
# Completion of ${program} for zsh.
${own}_values() {
  case $1 in
${valueCases(places)}
    *) return 1 ;;
  esac
}
${own}() {
  local word typed= values
  local -a found more
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${typed:+$typed }$word" in
      ${commandPatterns(places)}) typed=\${typed:+$typed }$word ;;
    esac
  done
  if values=$(${own}_values "$typed \${words[CURRENT-1]}"); then
    more=(\${(f)values})
    if (( $#more )); then compadd -a more; else _files; fi
    return
  fi
  case $typed in
${cases.join('\n')}
  esac
  (( $#more )) && compadd -a more
  _describe command found
}
if [[ $funcstack[1] == ${own} ]]; then ${own} "$@"; else compdef ${own} ${program}; fi
`;
}

function fish(places: readonly Place[], { program, own }: Names): string {
  const lines = places.flatMap(({ path, words, argument, values }) => {
    const start = `complete --command ${program} --condition ${quoted(`test (_${own}_path) = ${quoted(path)}`)}`;
    const shown = words.map(({ text, description }) => {
      if (!text.startsWith('--')) return `${start} --arguments ${quoted(text)} --description ${quoted(description)}`;
      const value = values.get(text);
      const follows = value === undefined ? '' : ` ${fishValue(value)}`;
      return `${start} --long-option ${text.slice(2)}${follows} --description ${quoted(description)}`;
    });
    const first = argument === undefined || argument === 'any' ? [] : [`${start} ${fishArguments(argument)}`];
    return [...shown, ...first];
  });
  return `# Completion of ${program} for fish.
function _${own}_path
    set --local typed ''
    for word in (commandline --tokenize --cut-at-cursor --current-process)[2..]
        set --local longer (string trim "$typed $word")
        if contains -- $longer ${places.flatMap(({ path }) => (path === '' ? [] : [quoted(path)])).join(' ')}
            set typed $longer
        end
    end
    echo "$typed"
end
complete --command ${program} --no-files
${lines.join('\n')}
`;
}

function fishArguments(values: Values): string {
  if (values === 'file') return '--force-files';
  return `--arguments ${quoted(`(${producerOf(values)})`)}`;
}

function fishValue(values: Values): string {
  if (values === 'file') return '--require-parameter --force-files';
  return values === 'any' ? '--require-parameter' : `--exclusive ${fishArguments(values)}`;
}

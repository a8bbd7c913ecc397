/** Words that vtysh and other tools have for what is done here, each with the command that does it. */
const OTHER_WORDS: ReadonlyMap<string, string> = new Map(
  (
    [
      [['show', 'print', 'generate', 'export', 'cat'], 'render'],
      [['validate', 'test', 'verify', 'lint'], 'check'],
      [['status', 'preview', 'dry-run'], 'plan'],
      [['commit', 'write', 'install', 'load', 'set', 'deploy'], 'apply'],
      [['rollback', 'undo', 'restore'], 'revert'],
      [['accept', 'keep'], 'confirm'],
      [['new', 'create', 'setup'], 'init'],
      [['version'], '--version'],
    ] as const
  ).flatMap(([words, command]) => words.map((word) => [word, command] as const)),
);

/** The command, or the option, that somebody means who knows another tool; undefined when that is not known. Pure. */
export function otherWordFor(word: string): string | undefined {
  return OTHER_WORDS.get(word);
}

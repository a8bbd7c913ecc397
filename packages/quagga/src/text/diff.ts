import { formatAddress } from '@routed/addresses';
import { type ConfigSection, type ConfigTree, sectionKey } from './parse.ts';
import { redactLine } from './redact.ts';

/** What differs in one context; secrets are hidden. */
export interface SectionDifference {
  readonly path: readonly string[];
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** Spellings that both daemons read as one, and lines that say a default. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/^router-id /, 'ospf router-id '],
  [/^timers lsa arrival /, 'timers lsa min-arrival '],
  [/^(redistribute .*) metric-type 2\b/, '$1'],
];
const DEFAULTS =
  /^(ip ospf hello-interval 10|ip ospf dead-interval 40|ip ospf retransmit-interval 5|ip ospf transmit-delay 1|ip ospf priority 1|ip ospf network broadcast|timers lsa min-arrival 1000|timers lsa all 5000|maximum-paths 256|frr defaults traditional|line vty)$/;

function canonicalLine(line: string, section: string): string {
  const dotted = line.replace(
    /\barea (\d+)(?= |$)/,
    (_, id: string) => `area ${formatAddress({ family: 4, value: BigInt(id) })}`,
  );
  const spellings = section === 'router ospf' ? SPELLINGS : SPELLINGS.slice(1);
  return spellings.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), dotted);
}

/** A hand-written configuration in the spelling of the renderer. */
export function canonicalTree(tree: ConfigTree): ConfigTree {
  const result = new Map<string, { path: readonly string[]; lines: string[] }>();
  const add = (path: readonly string[], line: string): void => {
    const key = sectionKey(path);
    const section = result.get(key) ?? { path, lines: [] };
    section.lines.push(line);
    result.set(key, section);
  };
  for (const [key, { path, lines }] of tree) {
    const header = path[0] ?? '';
    if (lines.length === 0) result.set(key, { path, lines: [] });
    for (const line of lines.map((text) => canonicalLine(text, header)).filter((text) => !DEFAULTS.test(text))) {
      const passive = header === 'router ospf' ? /^(no )?passive-interface (?!default)(\S+)$/.exec(line) : null;
      if (passive === null) add(path, line);
      else add([`interface ${passive[2] ?? ''}`], `${passive[1] ?? ''}ip ospf passive`);
    }
  }
  return result;
}

/**
 * What has to change from `before` to `after`, context by context. The order of lines does not count. A context without
 * lines, such as an entry of a route-map that matches every route, is a line of the one around it.
 */
export function diffTrees(before: ConfigTree, after: ConfigTree): SectionDifference[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  return keys.flatMap((key) => {
    const [had, has] = [before.get(key), after.get(key)];
    const path = (has ?? had)?.path ?? [];
    const removed = missingIn(had, has);
    const added = missingIn(has, had);
    if (removed.length + added.length > 0) return [{ path, removed, added }];
    if (had !== undefined && has !== undefined) return [];
    const header = path.slice(-1);
    return [{ path: path.slice(0, -1), removed: had ? header : [], added: has ? header : [] }];
  });
}

function missingIn(section: ConfigSection | undefined, other: ConfigSection | undefined): string[] {
  const present = new Set(other?.lines);
  return (section?.lines ?? []).filter((line) => !present.has(line)).map(redactLine);
}

/** Differences as text: `-` runs now, `+` is wanted. */
export function formatDifferences(differences: readonly SectionDifference[]): string {
  return differences
    .map(({ path, removed, added }) => {
      const head = path.length === 0 ? [] : [` ${path.join(' / ')}`];
      return [
        ...head,
        ...removed.map((line) => `-${path.length === 0 ? '' : ' '}${line}`),
        ...added.map((line) => `+${path.length === 0 ? '' : ' '}${line}`),
      ].join('\n');
    })
    .map((text) => `${text}\n`)
    .join('');
}

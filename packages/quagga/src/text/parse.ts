/** The lines of one context of a configuration, in order. `path` holds the headers that lead to it. */
export interface ConfigSection {
  readonly path: readonly string[];
  readonly lines: readonly string[];
}

/** A configuration by context. Two texts that mean the same have the same tree. */
export type ConfigTree = ReadonlyMap<string, ConfigSection>;

/** Lines that open a context at top level. */
const TOP_CONTEXT = /^(interface|router|route-map) \S+|^(bfd|line vty)$|^key chain |^vrf /;
/** Contexts that say something without a line in them: an entry of a route-map then matches every route. */
const MEANT_EMPTY = /^(router|route-map) /;
const NESTED_CONTEXT = /^(address-family|profile|peer|key) /;
/** Top-level lines that a hand-written file may put after a context without leaving it first. */
const TOP_LINE =
  /^(no )?(hostname|password|enable|service|log|frr|zebra|debug|access-list|ipv6 access-list|ip prefix-list|ipv6 prefix-list|ip protocol|ipv6 protocol|ip forwarding|ipv6 forwarding|ip route|ipv6 route|bgp as-path|bgp community-list|ip as-path|ip community-list|ip import-table|ip nht|ipv6 nht|router-id|ip router-id)\b(?! .*\bin interface\b)/;
/** What the daemons print about themselves, or what belongs to the host. */
const NOISE =
  /^((no )?(ip|ipv6) forwarding$|frr version|hostname|end$|Building configuration|Current configuration|service integrated-vtysh-config|Hello, this is|Copyright)/;

export function sectionKey(path: readonly string[]): string {
  return path.join('\n');
}

/**
 * Reads a configuration: a file, a rendering or the output of `show running-config`.
 * Comments, `exit` and what names the host or the version are dropped.
 */
export function parseConfig(text: string): ConfigTree {
  const sections = new Map<string, { path: string[]; lines: string[] }>();
  let path: string[] = [];
  const open = (next: string[]): string[] => {
    const key = sectionKey(next);
    if (!sections.has(key)) sections.set(key, { path: next, lines: [] });
    return next;
  };
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim().replace(/\s+/g, ' ');
    if (line === '' || /^[!#]/.test(line)) continue;
    if (/^exit(-address-family)?$/.test(line)) {
      path = path.slice(0, -1);
      continue;
    }
    const inContext = path.length > 0 && (/^\s/.test(raw) || !isTopLevel(line));
    if (!inContext) path = [];
    if (!inContext && NOISE.test(line)) continue;
    const opens = inContext ? NESTED_CONTEXT.test(line) : TOP_CONTEXT.test(line);
    if (opens) path = open([...path.slice(0, inContext ? 1 : 0), line]);
    else sections.get(sectionKey(open(path)))?.lines.push(line);
  }
  return new Map([...sections].filter(([, { path: at, lines }]) => lines.length > 0 || MEANT_EMPTY.test(at[0] ?? '')));
}

function isTopLevel(line: string): boolean {
  return TOP_CONTEXT.test(line) || TOP_LINE.test(line);
}

/** The union of several daemons' configurations: what one integrated file would say. */
export function mergeTrees(trees: Iterable<ConfigTree>): ConfigTree {
  const merged = new Map<string, ConfigSection>();
  for (const [key, section] of [...trees].flatMap((tree) => [...tree])) {
    const lines = new Set([...(merged.get(key)?.lines ?? []), ...section.lines]);
    merged.set(key, { path: section.path, lines: [...lines] });
  }
  return merged;
}

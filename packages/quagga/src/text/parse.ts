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
const MEANT_EMPTY = /^(router|route-map|key chain) /;
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

export interface ParseOptions {
  /** Keeps what names the host, the version or the file itself. Default false. */
  readonly keepNoise?: boolean;
}

/** Leaves the context: `exit`, `exit-address-family`, `exit-vrf`. */
const EXIT = /^exit(-\S+)?$/;

/**
 * Reads a configuration: a file, a rendering or the output of `show running-config`.
 * Comments, `exit` and what names the host or the version are dropped. A line that is no known context and has indented
 * lines below it is one all the same; those keep their indentation.
 */
export function parseConfig(text: string, options: ParseOptions = {}): ConfigTree {
  const reader = new Reader(options.keepNoise === true);
  for (const raw of text.split(/\r?\n/)) reader.read(raw);
  return reader.tree();
}

class Reader {
  readonly #sections = new Map<string, { path: string[]; lines: string[] }>();
  readonly #keepNoise: boolean;
  #path: string[] = [];
  /** The context is none that this reader knows. */
  #isStrange = false;
  /** The top-level line before this one, which becomes a context when the next one is indented. */
  #previous: string | undefined;

  constructor(keepNoise: boolean) {
    this.#keepNoise = keepNoise;
  }

  read(raw: string): void {
    const line = raw.trim().replace(/\s+/g, ' ');
    if (line === '' || /^[!#]/.test(line)) return;
    const isIndented = /^\s/.test(raw);
    if (this.#opensStrange(isIndented) || (this.#isStrange && isIndented)) this.#add(raw.trimEnd());
    else if (EXIT.test(line)) this.#leave();
    else this.#statement(line, isIndented);
  }

  #opensStrange(isIndented: boolean): boolean {
    const header = this.#previous;
    this.#previous = undefined;
    if (!isIndented || header === undefined) return false;
    this.#sections.get('')?.lines.pop();
    this.#open([header]);
    this.#isStrange = true;
    return true;
  }

  #leave(): void {
    this.#path = this.#path.slice(0, -1);
    this.#isStrange = false;
  }

  #statement(line: string, isIndented: boolean): void {
    const inContext = this.#path.length > 0 && !this.#isStrange && (isIndented || !isTopLevel(line));
    this.#isStrange = false;
    if (!inContext) this.#path = [];
    if (!inContext && !this.#keepNoise && NOISE.test(line)) return;
    const opens = inContext ? NESTED_CONTEXT.test(line) : TOP_CONTEXT.test(line);
    if (opens) this.#open([...this.#path.slice(0, inContext ? 1 : 0), line]);
    else this.#add(line);
    if (!inContext && !opens) this.#previous = line;
  }

  #open(path: string[]): void {
    const key = sectionKey(path);
    if (!this.#sections.has(key)) this.#sections.set(key, { path, lines: [] });
    this.#path = path;
  }

  #add(line: string): void {
    this.#open(this.#path);
    this.#sections.get(sectionKey(this.#path))?.lines.push(line);
  }

  tree(): ConfigTree {
    return new Map(
      [...this.#sections].filter(([, { path, lines }]) => lines.length > 0 || MEANT_EMPTY.test(path[0] ?? '')),
    );
  }
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

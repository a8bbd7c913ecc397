import { type Prefix, addressBits, contains, parsePrefix } from '@routed/addresses';
import { type Afi, afiOf, knownPrefix } from '../prefix.ts';
import type { ConfigTree } from '../text/parse.ts';

/** A route as a policy sees it. */
export interface Candidate {
  readonly text: string;
  readonly prefix: Prefix;
  /** Undefined: nobody knows. */
  readonly tag: number | undefined;
  /** No other AS is in its path. */
  readonly isLocal: boolean;
}

/** `undecided`: the policy asks what this reader does not know. */
export type Verdict = 'permit' | 'deny' | 'undecided';

const IP: Readonly<Record<Afi, string>> = { ipv4: 'ip', ipv6: 'ipv6' };

/** The name of a list, in a line that defines it. */
const LIST = /(?:prefix-list|access-list|community-list standard) (\S+)/;

interface ListEntry {
  readonly action: Verdict;
  readonly prefix: Prefix | undefined;
  readonly min: number;
  readonly max: number;
}

interface MapEntry {
  readonly seq: number;
  readonly action: Verdict;
  readonly lines: readonly string[];
}

/** The prefix lists and route maps of one daemon's configuration, as its daemon reads them. */
export class Policy {
  readonly #tree: ConfigTree;
  readonly #top: readonly string[];
  readonly #lists = new Map<string, ListEntry[]>();
  readonly #maps = new Map<string, MapEntry[]>();

  constructor(tree: ConfigTree) {
    this.#tree = tree;
    this.#top = tree.get('')?.lines ?? [];
  }

  /** Everything that decides what a map does, so that two readings can be compared. */
  textOf(map: string): string {
    const lines = this.#map(map).flatMap(({ seq, action, lines: own }) => [`${seq} ${action}`, ...own]);
    const names = new Set(lines.flatMap((line) => line.split(' ')));
    const lists = this.#top.filter((line) => names.has(LIST.exec(line)?.[1] ?? ''));
    return [...lines.toSorted(), ...lists.toSorted()].join('\n');
  }

  /** The same for a list. */
  listText(name: string): string {
    return this.#top
      .filter((line) => LIST.exec(line)?.[1] === name)
      .toSorted()
      .join('\n');
  }

  /**
   * What a map says of a route; a map that does not exist denies. An entry that may match decides nothing when the
   * entries after it say the same. Source: FRR lib/routemap.c, route_map_apply_ext.
   */
  ofMap(name: string, route: Candidate): Verdict {
    let possible: Verdict | undefined;
    const decide = (verdict: Verdict): Verdict => (verdict === (possible ?? verdict) ? verdict : 'undecided');
    for (const { action, lines } of this.#map(name)) {
      const conditions = lines.filter((line) => !/^(set|description) /.test(line));
      const matches = conditions.map((line) => this.#matches(line, route));
      if (matches.includes('deny')) continue;
      // Another map may deny, or entries be skipped.
      if (conditions.some((line) => !line.startsWith('match '))) return 'undecided';
      if (!matches.includes('undecided')) return decide(action);
      if (decide(action) === 'undecided') return 'undecided';
      possible = action;
    }
    return decide('deny');
  }

  /** What a prefix list says; one that does not exist denies. Source: FRR lib/plist.c, prefix_list_apply_ext. */
  ofList(family: Afi, name: string, { prefix }: Candidate): Verdict {
    const entry = this.#list(family, name).find(
      ({ prefix: outer, min, max }) =>
        outer === undefined || (contains(outer, prefix) && prefix.length >= min && prefix.length <= max),
    );
    return entry?.action ?? 'deny';
  }

  /** What an as-path list says; only the one that lets local routes through is understood. */
  ofPathList(name: string, route: Candidate): Verdict {
    const own = this.#top.filter((line) => line.startsWith(`bgp as-path access-list ${name} `));
    const isLocalOnly = own.length === 1 && own[0]?.endsWith(' permit ^$') === true;
    if (!isLocalOnly) return 'undecided';
    return route.isLocal ? 'permit' : 'deny';
  }

  /** `permit`: the line matches; `deny`: it does not. */
  #matches(line: string, route: Candidate): Verdict {
    const afi = afiOf(route.text);
    const list = /^match (ip|ipv6) address prefix-list (\S+)$/.exec(line);
    if (list !== null) return list[1] === IP[afi] ? this.ofList(afi, list[2] ?? '', route) : 'deny';
    const path = /^match as-path (\S+)$/.exec(line);
    if (path !== null) return this.ofPathList(path[1] ?? '', route);
    const tag = /^match tag (\d+)$/.exec(line);
    if (tag === null || route.tag === undefined) return 'undecided';
    return Number(tag[1]) === route.tag ? 'permit' : 'deny';
  }

  #map(name: string): readonly MapEntry[] {
    const known = this.#maps.get(name) ?? this.#readMap(name);
    this.#maps.set(name, known);
    return known;
  }

  #readMap(name: string): MapEntry[] {
    const entries = [...this.#tree.values()].flatMap(({ path: [header = ''], lines }) => {
      const [kind, own, action, seq] = header.split(' ');
      if (kind !== 'route-map' || own !== name) return [];
      return [{ seq: Number(seq), action: action === 'permit' ? 'permit' : 'deny', lines } as const];
    });
    return entries.sort((a, b) => a.seq - b.seq);
  }

  #list(family: Afi, name: string): readonly ListEntry[] {
    const key = `${IP[family]} prefix-list ${name} `;
    const known = this.#lists.get(key) ?? this.#readList(key);
    this.#lists.set(key, known);
    return known;
  }

  #readList(head: string): ListEntry[] {
    const entries = this.#top.flatMap((line) => {
      if (!line.startsWith(head)) return [];
      const match = /^seq (\d+) (permit|deny) (\S+)(?: ge (\d+))?(?: le (\d+))?$/.exec(line.slice(head.length));
      return match === null ? [] : [{ seq: Number(match[1]), entry: listEntry(match) }];
    });
    return entries.sort((a, b) => a.seq - b.seq).map(({ entry }) => entry);
  }
}

/** The first line of a policy's text, see {@link Policy.textOf}, that may leave a verdict undecided. */
export function undecidedLine(text: string): string | undefined {
  return text.split('\n').find((line) => UNDECIDED.test(line));
}

const UNDECIDED =
  /^(match (?!(ip|ipv6) address prefix-list )|call |on-match |continue\b|bgp as-path access-list .*(?<! permit \^\$)$)/;

function listEntry([, , action, text = '', ge, le]: RegExpExecArray): ListEntry {
  const prefix = parsePrefix(text);
  const length = prefix?.length ?? 0;
  const longest = addressBits(prefix?.family ?? 6);
  const upper = ge === undefined ? length : longest;
  return {
    action: action === 'permit' ? 'permit' : 'deny',
    prefix,
    min: ge === undefined ? length : Number(ge),
    max: le === undefined ? upper : Number(le),
  };
}

/** A route to a prefix in a daemon's own spelling. */
export function candidate(text: string, more: { tag?: number; isLocal?: boolean } = {}): Candidate {
  return { text, prefix: knownPrefix(text), tag: more.tag ?? 0, isLocal: more.isLocal ?? true };
}

import { readFileSync } from 'node:fs';

/** One line that was tried on the real daemons of Quagga 1.2.3 and FRR 8.4.4. */
interface Recorded {
  readonly daemon: string;
  readonly line: string;
  readonly context: string;
  readonly quagga: string;
  readonly frr: string;
}

const ROW = /^(\w+)\s+(.+?)(?: \(([^()]+)\))?\s+(ok|no|depr|FAILED)\s+(ok|no|depr|FAILED)\s+(ok|rc2)$/;

export function readRecorded(): Recorded[] {
  const text = readFileSync(new URL('../fixtures/quagga-frr-syntax.txt', import.meta.url), 'utf8');
  return text.split('\n').flatMap((row) => {
    const match = ROW.exec(row);
    if (match === null) return [];
    const [, daemon = '', line = '', context = '', quagga = '', frr = ''] = match;
    return [{ daemon, line: line.trim(), context, quagga, frr }];
  });
}

/** Example values in the recorded lines; in a rendered line, every word that no recorded line has. */
const EXAMPLE = /^([A-Z]|eth\d|lo|vethr0|veth@x|secret|abc|fast|red|hi|hello|world|x|h1|a|b|c|uplink|\^\$)$/;

/** Lines of the common library, which every daemon reads alike; they were tried on one or two. */
const LIBRARY_LINE = /^((ip|ipv6) prefix-list|route-map|match (ip|ipv6) address|interface|description|log|hostname) /;

function shape(line: string, isKeyword: (word: string) => boolean): string {
  return line
    .split(' ')
    .map((word) => {
      if (/^\d+$/.test(word)) return '#';
      if (/^[\d.]+\/\d+$/.test(word)) return '@/';
      if (/^[\da-f:]+\/\d+$/i.test(word)) return '@6/';
      if (/^\d+\.\d+\.\d+\.\d+$/.test(word) || /^[\da-f]*:[\da-f:]*$/.test(word)) return '@';
      return isKeyword(word) ? word : '*';
    })
    .join(' ');
}

/** How a rendered line stands in the recorded table: by the very line, else by lines of the same shape. */
export function createLookup(): (daemon: string, line: string) => 'ok' | 'rejected' | 'not recorded' {
  const recorded = readRecorded();
  const keywords = new Set(recorded.flatMap(({ line }) => line.split(' ')).filter((word) => !EXAMPLE.test(word)));
  const contexts = new Set(recorded.map(({ context }) => shape(context, (word) => keywords.has(word))));
  const shapeOf = (line: string): string => shape(line, (word) => keywords.has(word));
  return (daemon, line) => {
    const candidates = recorded.filter((row) => row.daemon === daemon || LIBRARY_LINE.test(line));
    const exact = candidates.filter((row) => row.line === line);
    const same = exact.length > 0 ? exact : candidates.filter((row) => shapeOf(row.line) === shapeOf(line));
    if (same.length === 0) return contexts.has(shapeOf(line)) ? 'ok' : 'not recorded';
    return same.every((row) => row.quagga === 'no') ? 'rejected' : 'ok';
  };
}

import { domainToASCII } from 'node:url';
import { excerpt } from '@routed/text';
import { DnsGateError } from '../dns-gate-error.ts';

/**
 * A host name, or `*.` and a host name: in lower case, without a dot at the end, in ASCII. `*` stands for exactly one label.
 *
 * Made by {@link parseNamePattern} only.
 */
export type NamePattern = string & { readonly namePattern: unique symbol };

/** Source: RFC 1035, section 2.3.4; the last dot, which is not written, counts. */
const MOST_NAME_BYTES = 253;
const MOST_LABEL_BYTES = 63;
/** Also with `_`, as names of services have it. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/;

/**
 * Reads a host name with at least two labels, or one with `*` as its first label. Other than ASCII letters are written as in DNS
 * (`xn--`); a dot at the end is dropped.
 *
 * @throws DnsGateError `NAME_INVALID`
 */
export function parseNamePattern(text: string): NamePattern {
  const complain = (complaint: string): DnsGateError => new DnsGateError('NAME_INVALID', excerpt(text), complaint);
  const isWildcard = text.startsWith('*.');
  const name = toAscii((isWildcard ? text.slice(2) : text).replace(/\.$/, ''));
  const labels = name.split('.');
  if (name === '' || labels.includes('')) throw complain('has an empty label: write such as api.example.com');
  if (name.includes('*')) {
    throw complain('has a wildcard that is not the whole first label: write such as *.example.com');
  }
  const odd = labels.find((label) => !LABEL.test(label));
  if (odd !== undefined) throw complain(`has the label "${excerpt(odd)}", which no host name has`);
  const long = labels.find((label) => label.length > MOST_LABEL_BYTES);
  if (long !== undefined) throw complain(`has a label of ${long.length} characters: at most ${MOST_LABEL_BYTES}`);
  const pattern = isWildcard ? `*.${name}` : name;
  if (pattern.length > MOST_NAME_BYTES) {
    throw complain(`has ${pattern.length} characters: at most ${MOST_NAME_BYTES}`);
  }
  if (/^\d+$/.test(labels.at(-1) ?? '')) throw complain('ends with a number, as no host name does');
  if (labels.length === 1 && !isWildcard) {
    throw complain(
      'has one label only: names of containers and services are not asked for in DNS; list their addresses',
    );
  }
  return pattern as NamePattern;
}

function toAscii(name: string): string {
  // Only where it is needed: it takes apart what is no name, such as "0x7f".
  const isAscii = /^[\x20-\x7e]*$/.test(name);
  return isAscii ? name.toLowerCase() : domainToASCII(name);
}

/** The patterns that match a name in lower case: itself, and that with its first label replaced by `*`. */
export function patternsOf(name: string): readonly [exact: string, wildcard: string] {
  const dot = name.indexOf('.');
  return [name, dot === -1 ? '' : `*${name.slice(dot)}`];
}

/** Whether a name in lower case is one that the pattern stands for. Pure. */
export function matchesPattern(pattern: NamePattern, name: string): boolean {
  return patternsOf(name).includes(pattern);
}

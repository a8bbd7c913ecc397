import { parse } from 'tldts';
import type { NamePattern } from './name-pattern.ts';

/** Whether a name is one of the public DNS: its last labels are a suffix of ICANN's, such as `com` or `co.uk`. */
export function isPublicName(name: string): boolean {
  return parse(name, { allowPrivateDomains: false, validateHostname: false }).isIcann === true;
}

/**
 * Why a pattern lets a container reach names that anybody may register; undefined when it does not.
 *
 * Source: the Public Suffix List, https://publicsuffix.org, as of the release of tldts.
 */
export function wildcardWarning(pattern: NamePattern): string | undefined {
  if (!pattern.startsWith('*.')) return undefined;
  const suffix = pattern.slice(2);
  const { publicSuffix, isIcann, isPrivate } = parse(suffix, { allowPrivateDomains: true, validateHostname: false });
  if (publicSuffix !== suffix || !(isIcann === true || isPrivate === true)) return undefined;
  return `"${pattern}" covers names that anybody may register below the public suffix ${suffix}`;
}

import type { DnsRecord, Question } from './read-message.ts';

/** An address that a question leads to. */
export interface ResolvedAddress {
  readonly address: string;
  /** The least of all records that lead to it. */
  readonly ttlSec: number;
}

/** Resolvers follow no longer chains: BIND 16, unbound 12. */
const MOST_ALIASES = 16;

/**
 * The addresses that the records say the question's name has, directly or by other names of it. Records about anything else are
 * passed over. Pure.
 */
export function resolvedAddresses({ name, type }: Question, records: readonly DnsRecord[]): ResolvedAddress[] {
  const wanted = type === 'ANY' ? ['A', 'AAAA'] : [type];
  const ttlOf = namesOf(name, records);
  const found = new Map<string, number>();
  for (const { owner, type: kind, data, ttlSec } of records) {
    const ttlOfName = ttlOf.get(owner);
    if (ttlOfName === undefined || kind === 'CNAME' || !wanted.includes(kind)) continue;
    found.set(data, Math.min(ttlSec, ttlOfName, found.get(data) ?? Infinity));
  }
  return Array.from(found, ([address, ttlSec]) => ({ address, ttlSec }));
}

/** The name and those it stands for, with how long that holds. */
function namesOf(name: string, records: readonly DnsRecord[]): Map<string, number> {
  const aliases = new Map<string, DnsRecord[]>();
  for (const record of records) {
    if (record.type === 'CNAME') aliases.set(record.owner, [...(aliases.get(record.owner) ?? []), record]);
  }
  const ttlOf = new Map([[name, Infinity]]);
  for (const [owner, ttl] of ttlOf) {
    if (ttlOf.size > MOST_ALIASES) break;
    for (const { data, ttlSec } of aliases.get(owner) ?? []) {
      if (!ttlOf.has(data)) ttlOf.set(data, Math.min(ttl, ttlSec));
    }
  }
  return ttlOf;
}

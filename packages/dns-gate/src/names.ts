/**
 * Host names and wildcards alone, without what reads DNS: little to load.
 *
 * @packageDocumentation
 */
export { DnsGateError, type DnsGateErrorCode, isDnsGateError } from './dns-gate-error.ts';
export { matchesPattern, type NamePattern, parseNamePattern } from './names/name-pattern.ts';

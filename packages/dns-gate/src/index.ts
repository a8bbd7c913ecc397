/**
 * A gate that reads DNS between clients and their resolvers, and says what to open for an answer before it goes on.
 *
 * @packageDocumentation
 */
export { type DnsGateErrorCode, DnsGateError, isDnsGateError } from './dns-gate-error.ts';
export { attachGate, type AttachedGate, type GateQueue, type WaitingPacket } from './gate/attach-gate.ts';
export {
  type ClosedAddress,
  type Direction,
  DnsGate,
  type Finding,
  type GateCounters,
  type GateDeps,
  type Lifetimes,
  type NameList,
  type Opening,
} from './gate/dns-gate.ts';
export { matchesPattern, type NamePattern, parseNamePattern } from './names/name-pattern.ts';
export { isPublicName, wildcardWarning } from './names/public-suffix.ts';

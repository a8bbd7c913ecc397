/**
 * Firewall rules for routed container links.
 *
 * @packageDocumentation
 */
export { type CommandResult, type CommandRunner, runCommand } from './command-runner.ts';
export {
  type AcceptanceOutcome,
  createForwardAcceptance,
  FORWARD_CHAIN,
  type ForwardAcceptance,
} from './forward-acceptance.ts';
export { isNetfilterError, NetfilterError } from './netfilter-error.ts';

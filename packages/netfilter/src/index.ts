/**
 * Firewall rules for routed container links.
 *
 * @packageDocumentation
 */
export { type CommandResult, type CommandRunner, runCommand } from './command-runner.ts';
export { type AcceptanceOutcome, createForwardAcceptance, type ForwardAcceptance } from './forward-acceptance.ts';
export { FORWARD_CHAIN, forwardRules } from './forward-rules.ts';
export { isNetfilterError, NetfilterError } from './netfilter-error.ts';
export { type RulesetWatch, type RulesetWatchEvents, watchRuleset } from './ruleset-watch.ts';
export { concernsUplinks, type UplinkFacts, uplinkNames } from './uplinks.ts';

import {
  addressAttribute,
  linkAttribute,
  neighbourAttribute,
  routeAttribute,
  ruleAttribute,
} from '../message/tables.ts';
import type { Purpose } from '../socket/channel.ts';
import type { LinkSelector } from '../types/link.ts';
import type { RuleSpec } from '../types/rule.ts';

/** Something with an IP address on a link. */
export interface OnLink {
  readonly linkIndex: number;
  readonly address: string;
}

/** `link.<action>` on a link, or on all. To change one may take long, unless the caller knows better. */
export function linkPurpose(action: string, selector?: LinkSelector, isBrief: boolean = isReading(action)): Purpose {
  const subject = selector === undefined ? '' : 'index' in selector ? `index ${selector.index}` : selector.name;
  const operation = `link.${action}`;
  if (!isBrief) return { operation, subject, attributeName: linkAttribute };
  return { operation, subject, attributeName: linkAttribute, lock: 'brief' };
}

function isReading(action: string): boolean {
  return action === 'get' || action === 'list';
}

/** `address.<action>` on an address, or on those of a link, or on all. To delete one may make the kernel walk every route. */
export function addressPurpose(action: string, subject: Partial<OnLink>): Purpose {
  const operation = `address.${action}`;
  if (action === 'delete') return { operation, subject: onLink(subject), attributeName: addressAttribute };
  return { operation, subject: onLink(subject), attributeName: addressAttribute, lock: 'brief' };
}

/**
 * `route.<action>` on a destination.
 *
 * The kernel looks routes up without RTNL (since 4.15: RTNL_FLAG_DOIT_UNLOCKED in net/ipv4/route.c, net/ipv6/route.c).
 */
export function routePurpose(action: string, subject: string): Purpose {
  const operation = `route.${action}`;
  if (action === 'get') return { operation, subject, attributeName: routeAttribute, lock: 'none', absent: NO_ROUTE };
  return { operation, subject, attributeName: routeAttribute, lock: 'brief' };
}

const NO_ROUTE = ['ENETUNREACH', 'EHOSTUNREACH'] as const;

/** `neighbour.<action>` on an entry, or on those of a link, or on all. */
export function neighbourPurpose(action: string, subject: Partial<OnLink>): Purpose {
  const operation = `neighbour.${action}`;
  return { operation, subject: onLink(subject), attributeName: neighbourAttribute, lock: 'brief' };
}

/**
 * `rule.<action>` on a rule, or on all. The first change of one makes the kernel go through all routes.
 * Source: linux net/ipv4/fib_rules.c `fib4_rule_configure`, `fib_unmerge`.
 */
export function rulePurpose(action: string, spec: Partial<RuleSpec>): Purpose {
  const { family, priority, source, destination } = spec;
  const words = [
    family === undefined ? '' : `IPv${family}`,
    priority === undefined ? '' : `priority ${priority}`,
    source === undefined ? '' : `from ${source}`,
    destination === undefined ? '' : `to ${destination}`,
  ];
  const purpose = {
    operation: `rule.${action}`,
    subject: words.filter(Boolean).join(' '),
    attributeName: ruleAttribute,
  };
  return action === 'list' ? { ...purpose, lock: 'brief' } : purpose;
}

function onLink({ address, linkIndex }: Partial<OnLink>): string {
  if (linkIndex === undefined) return address ?? '';
  return address === undefined ? `link ${linkIndex}` : `${address} on link ${linkIndex}`;
}

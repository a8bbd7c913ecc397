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

/** `link.<action>` on a link, or on all. To change one may take long. */
export function linkPurpose(action: string, selector?: LinkSelector): Purpose {
  const subject = selector === undefined ? '' : 'index' in selector ? `index ${selector.index}` : selector.name;
  const purpose = { operation: `link.${action}`, subject, attributeName: linkAttribute };
  return action === 'get' || action === 'list' ? { ...purpose, lock: 'brief' } : purpose;
}

/** `address.<action>` on an address, or on those of a link, or on all. To delete one may make the kernel walk every route. */
export function addressPurpose(action: string, subject: Partial<OnLink>): Purpose {
  const purpose = { operation: `address.${action}`, subject: onLink(subject), attributeName: addressAttribute };
  return action === 'delete' ? purpose : { ...purpose, lock: 'brief' };
}

/**
 * `route.<action>` on a destination.
 *
 * The kernel looks routes up without RTNL (since 4.15: RTNL_FLAG_DOIT_UNLOCKED in net/ipv4/route.c, net/ipv6/route.c).
 */
export function routePurpose(action: string, subject: string): Purpose {
  const purpose = { operation: `route.${action}`, subject, attributeName: routeAttribute };
  return action === 'get' ? { ...purpose, lock: 'none', absent: NO_ROUTE } : { ...purpose, lock: 'brief' };
}

const NO_ROUTE = ['ENETUNREACH', 'EHOSTUNREACH'] as const;

/** `neighbour.<action>` on an entry, or on those of a link, or on all. */
export function neighbourPurpose(action: string, subject: Partial<OnLink>): Purpose {
  const purpose = { operation: `neighbour.${action}`, attributeName: neighbourAttribute };
  return { ...purpose, subject: onLink(subject), lock: 'brief' };
}

/** `rule.<action>` on a rule, or on all. */
export function rulePurpose(action: string, spec: Partial<RuleSpec>): Purpose {
  const { family, priority, source, destination } = spec;
  const words = [
    family === undefined ? '' : `IPv${family}`,
    priority === undefined ? '' : `priority ${priority}`,
    source === undefined ? '' : `from ${source}`,
    destination === undefined ? '' : `to ${destination}`,
  ];
  return { operation: `rule.${action}`, subject: words.filter(Boolean).join(' '), attributeName: ruleAttribute };
}

function onLink({ address, linkIndex }: Partial<OnLink>): string {
  if (linkIndex === undefined) return address ?? '';
  return address === undefined ? `link ${linkIndex}` : `${address} on link ${linkIndex}`;
}

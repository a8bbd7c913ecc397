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

/** `link.<action>` on a link, or on all. */
export function linkPurpose(action: string, selector?: LinkSelector): Purpose {
  const subject = selector === undefined ? '' : 'index' in selector ? `index ${selector.index}` : selector.name;
  return { operation: `link.${action}`, subject, attributeName: linkAttribute };
}

/** `address.<action>` on an address, or on those of a link, or on all. */
export function addressPurpose(action: string, subject: Partial<OnLink>): Purpose {
  return { operation: `address.${action}`, subject: onLink(subject), attributeName: addressAttribute };
}

/** `route.<action>` on a destination. */
export function routePurpose(action: string, subject: string): Purpose {
  return { operation: `route.${action}`, subject, attributeName: routeAttribute };
}

/** `neighbour.<action>` on an entry, or on those of a link, or on all. */
export function neighbourPurpose(action: string, subject: Partial<OnLink>): Purpose {
  return { operation: `neighbour.${action}`, subject: onLink(subject), attributeName: neighbourAttribute };
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

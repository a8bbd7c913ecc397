import { type Check, type Fields, among, object, optional, text, whole } from '../check/check.ts';
import type { AttributeSet } from '../attributes/attribute-set.ts';
import { buildLinkCreate } from '../message/link-create.ts';
import { linkMessage } from '../message/link.ts';
import { invalid } from '../message/validate.ts';
import { LINK_FIELDS } from '../check/link-fields.ts';
import { checkArgument } from '../check/argument.ts';
import type { Purpose } from '../socket/channel.ts';
import type { LinkSelector } from '../types/link.ts';
import type { LinkSettings, NewLink, PortSettings } from '../types/link-kinds.ts';
import { IFLA, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA, IFLA_INFO_SLAVE_KIND } from '../uapi/if-link.ts';
import { RTM } from '../uapi/rtnetlink.ts';
import { LINK_KINDS, ON_LOWER, PORT_KINDS } from './kinds.ts';

type AnySet = AttributeSet<Record<string, unknown>>;
type Named = Readonly<Record<string, unknown>> & { readonly kind: string };

const index = whole(1, 0x7fff_ffff);

/** The set of a kind. @throws {@link NetlinkError} `EINVAL` for a kind that there is not */
function setOf(kinds: object, { kind }: { readonly kind: string }, purpose: Purpose): AnySet {
  const complaint = among(...Object.keys(kinds))(kind, 'kind');
  if (complaint !== undefined) throw invalid(purpose, complaint.field, complaint.reason);
  return (kinds as Readonly<Record<string, AnySet>>)[kind] as AnySet;
}

/** RTM_NEWLINK for a new link of any kind. @throws {@link NetlinkError} `EINVAL` that names the field at fault */
export function buildKindCreate(spec: NewLink, purpose: Purpose): Uint8Array {
  const set = setOf(LINK_KINDS, spec, purpose);
  const isOnLower = ON_LOWER.has(spec.kind);
  const common = { ...LINK_FIELDS, kind: text, ...(isOnLower && { lowerIndex: index }) };
  checkArgument(object({ ...common, ...set.fields } as Fields<Named>), spec, purpose.operation);
  const data = set.encode({ ...spec });
  const lowerIndex = isOnLower ? (spec as { readonly lowerIndex?: number }).lowerIndex : undefined;
  return buildLinkCreate(spec.kind, spec, purpose, { lowerIndex, data });
}

/** RTM_NEWLINK with new settings for the kind of a link that exists. */
export function buildKindChange(selector: LinkSelector, settings: LinkSettings, purpose: Purpose): Uint8Array {
  return buildChange(selector, settings, [IFLA_INFO_KIND, IFLA_INFO_DATA], LINK_KINDS, purpose);
}

/** RTM_NEWLINK with new settings for a link as a port. */
export function buildPortChange(selector: LinkSelector, settings: PortSettings, purpose: Purpose): Uint8Array {
  return buildChange(selector, settings, [IFLA_INFO_SLAVE_KIND, IFLA_INFO_SLAVE_DATA], PORT_KINDS, purpose);
}

function buildChange(
  selector: LinkSelector,
  settings: LinkSettings | PortSettings,
  [kindType, dataType]: readonly [number, number],
  kinds: object,
  purpose: Purpose,
): Uint8Array {
  const set = setOf(kinds, settings, purpose);
  const fields = Object.entries<Check<unknown>>(set.fields).map(([name, check]) => [name, optional(check)] as const);
  checkArgument(object({ kind: text, ...Object.fromEntries(fields) } as Fields<Named>), settings, purpose.operation);
  const writer = linkMessage(RTM.NEWLINK, selector, purpose);
  writer.nest(IFLA.LINKINFO, () => {
    writer.attributeText(kindType, settings.kind).attribute(dataType, set.encode({ ...settings }));
  });
  return writer.finish();
}

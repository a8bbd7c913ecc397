import { type AttributeSet, asNested, attributeSet } from '../attributes/attribute-set.ts';
import { asBytes, asMac, asRepeated, asText, asU32, asU64 } from '../attributes/format.ts';
import type { NetlinkMessage } from '../codec/reader.ts';
import { LINK_DECODED, decodeLink } from '../message/link-decode.ts';
import { linkAttribute } from '../message/tables.ts';
import type { UnknownField } from '../types/common.ts';
import type { Link } from '../types/link.ts';
import type { LinkDetails, LinkStatistics } from '../types/link-details.ts';
import type { PortKinds, ReportedKinds, ReportedSettings } from '../types/link-kinds.ts';
import { IFLA, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA, IFLA_INFO_SLAVE_KIND } from '../uapi/if-link.ts';
import { PORT_KINDS, REPORTED_KINDS } from './kinds.ts';

const IFINFOMSG_LENGTH = 16;
const COUNTERS: readonly (keyof LinkStatistics)[] = [
  'rxPackets',
  'txPackets',
  'rxBytes',
  'txBytes',
  'rxErrors',
  'txErrors',
  'rxDropped',
  'txDropped',
  'multicast',
  'collisions',
];
const WORD_BYTES = 8;

/** The first counters of `struct rtnl_link_stats64`; the others are about causes of errors. */
function statisticsOf(bytes: Uint8Array): LinkStatistics {
  const counters = COUNTERS.map((name, place) => [name, Number(asU64.decode(bytes.subarray(place * WORD_BYTES)))]);
  return Object.fromEntries(counters) as LinkStatistics;
}

interface LinkInfo {
  readonly kind?: string;
  readonly data?: Uint8Array;
  readonly portKind?: string;
  readonly portData?: Uint8Array;
  readonly unknown?: readonly UnknownField[];
}

/** Source: linux uapi if_link.h `IFLA_INFO_*`. */
const INFO: AttributeSet<Omit<LinkInfo, 'unknown'>> = attributeSet<Omit<LinkInfo, 'unknown'>>({
  kind: [IFLA_INFO_KIND, asText],
  data: [IFLA_INFO_DATA, asBytes],
  portKind: [IFLA_INFO_SLAVE_KIND, asText],
  portData: [IFLA_INFO_SLAVE_DATA, asBytes],
});
const IFLA_ALT_IFNAME = 53;

interface Rare extends Omit<LinkDetails, keyof Link | 'settings' | 'port' | 'statistics' | 'unknown'> {
  readonly info?: LinkInfo;
  readonly counters?: Uint8Array;
}

/** The 32-bit counters are the lower halves of the 64-bit ones. */
const IFLA_STATS = 7;
const RARE = attributeSet<Rare>(
  {
    broadcastMac: [2, asMac],
    queueingDiscipline: [6, asText],
    info: [IFLA.LINKINFO, asNested(INFO)],
    virtualFunctions: [21, asU32],
    counters: [23, asBytes],
    promiscuity: [30, asU32],
    txQueues: [31, asU32],
    rxQueues: [32, asU32],
    carrierChanges: [35, asU32],
    gsoMaxSegments: [40, asU32],
    gsoMaxBytes: [41, asU32],
    minMtuBytes: [50, asU32],
    maxMtuBytes: [51, asU32],
    altNames: [52, asRepeated(asText, IFLA_ALT_IFNAME)],
    groMaxBytes: [58, asU32],
    tsoMaxBytes: [59, asU32],
    tsoMaxSegments: [60, asU32],
  },
  { nameOf: linkAttribute, readElsewhere: new Set([...LINK_DECODED, IFLA_STATS]) },
);

/** Decodes the answer to a question about one link. @throws {@link NetlinkError} `EBADMSG` */
export function decodeDetails(message: NetlinkMessage): LinkDetails | undefined {
  const link = decodeLink(message);
  if (link === undefined) return undefined;
  const { info, counters, unknown = [], ...rare } = RARE.decode(message.payload.subarray(IFINFOMSG_LENGTH));
  const { kind, data, portKind, portData, unknown: unknownInfo = [] } = info ?? {};
  const settings = settingsOf<ReportedKinds>(REPORTED_KINDS, kind, data);
  const port = settingsOf<PortKinds>(PORT_KINDS, portKind, portData);
  const rest = [...unknown, ...unknownInfo];
  if (settings === undefined && data !== undefined) rest.push(unread(`IFLA_INFO_DATA of ${kind}`, data));
  if (port === undefined && portData !== undefined) rest.push(unread(`IFLA_INFO_SLAVE_DATA of ${portKind}`, portData));
  return {
    ...link,
    ...rare,
    ...(settings !== undefined && { settings }),
    ...(port !== undefined && { port }),
    ...(counters !== undefined && { statistics: statisticsOf(counters) }),
    ...(rest.length > 0 && { unknown: rest }),
  };
}

function settingsOf<Kinds>(
  kinds: { readonly [Kind in keyof Kinds]: AttributeSet<Kinds[Kind]> },
  kind: string | undefined,
  data: Uint8Array = new Uint8Array(0),
): ReportedSettings<Kinds> | undefined {
  if (kind === undefined || !Object.hasOwn(kinds, kind)) return undefined;
  const set = kinds[kind as keyof Kinds];
  return { kind, ...set.decode(data) } as ReportedSettings<Kinds>;
}

function unread(name: string, bytes: Uint8Array): UnknownField {
  return { name, hex: Buffer.from(bytes).toString('hex') };
}

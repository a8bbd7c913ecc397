import { type AttributeSet, asNested, attributeSet } from '../attributes/attribute-set.ts';
import { type Format, asBe16, asBe32, asBe64, asBits, asIp, asText, asU8, asWord } from '../attributes/format.ts';
import { type NetlinkMessage, u8 } from '../codec/reader.ts';
import { attributeNames, familyOf } from '../message/tables.ts';
import type { Family, UnknownField } from '../types/common.ts';
import {
  CTA,
  CTA_IP,
  CTA_PROTO,
  CTA_PROTOINFO_TCP,
  CTA_PROTOINFO_TCP_STATE,
  CTA_TUPLE,
  IPPROTO_ICMPV6,
  IPS,
  TCP_CONNTRACK,
} from '../uapi/conntrack.ts';
import { NFGENMSG_LENGTH } from '../uapi/nfnetlink.ts';
import type {
  Connection,
  ConnectionCounters,
  ConnectionStatus,
  ConnectionTuple,
  SynProxy,
  TcpInformation,
} from './types.ts';

interface Addresses {
  readonly source?: string;
  readonly destination?: string;
}

interface Protocol {
  readonly number?: number;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly icmpId?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  readonly icmpv6Id?: number;
  readonly icmpv6Type?: number;
  readonly icmpv6Code?: number;
}

interface TupleAttributes {
  readonly addresses?: Addresses;
  readonly protocol?: Protocol;
  readonly zone?: number;
}

/** nfnetlink takes and gives all that is made of attributes with the flag. */
function nested<T extends object>(set: AttributeSet<T>): Format<T> {
  return asNested(set, { isNested: true });
}

const TUPLE: AttributeSet<TupleAttributes> = attributeSet<TupleAttributes>({
  addresses: [
    CTA_TUPLE.IP,
    nested(
      attributeSet<Addresses>({
        source: [[CTA_IP[4].source, CTA_IP[6].source], asIp],
        destination: [[CTA_IP[4].destination, CTA_IP[6].destination], asIp],
      }),
    ),
  ],
  protocol: [
    CTA_TUPLE.PROTO,
    nested(
      attributeSet<Protocol>({
        number: [CTA_PROTO.NUM, asU8],
        sourcePort: [CTA_PROTO.SRC_PORT, asBe16],
        destinationPort: [CTA_PROTO.DST_PORT, asBe16],
        icmpId: [CTA_PROTO.ICMP_ID, asBe16],
        icmpType: [CTA_PROTO.ICMP_TYPE, asU8],
        icmpCode: [CTA_PROTO.ICMP_CODE, asU8],
        icmpv6Id: [CTA_PROTO.ICMPV6_ID, asBe16],
        icmpv6Type: [CTA_PROTO.ICMPV6_TYPE, asU8],
        icmpv6Code: [CTA_PROTO.ICMPV6_CODE, asU8],
      }),
    ),
  ],
  zone: [CTA_TUPLE.ZONE, asBe16],
});

/** Source: linux uapi nfnetlink_conntrack.h `CTA_PROTOINFO_TCP_*`; the flags are `struct nf_ct_tcp_flags`, whose second byte is a mask. */
const TCP = attributeSet<TcpInformation>({
  state: [CTA_PROTOINFO_TCP_STATE, asWord(asU8, TCP_CONNTRACK)],
  originalWindowScale: [2, asU8],
  replyWindowScale: [3, asU8],
  originalFlags: [4, asU8],
  replyFlags: [5, asU8],
});
const COUNTERS = attributeSet<ConnectionCounters>({ packets: [1, asBe64], bytes: [2, asBe64] });

interface ConnectionAttributes {
  readonly original?: TupleAttributes;
  readonly reply?: TupleAttributes;
  readonly status?: ConnectionStatus;
  readonly timeoutSec?: number;
  readonly mark?: number;
  readonly information?: { readonly tcp?: TcpInformation };
  readonly originalCounters?: ConnectionCounters;
  readonly replyCounters?: ConnectionCounters;
  readonly timestamp?: { readonly startedNs?: bigint };
  readonly synproxy?: SynProxy;
  readonly help?: { readonly helper?: string };
  readonly zone?: number;
  readonly id?: number;
}

/** How many hold the entry in the kernel (`CTA_USE`) says nothing of the connection. */
const CONNECTION: AttributeSet<ConnectionAttributes> = attributeSet<ConnectionAttributes>(
  {
    original: [CTA.TUPLE_ORIG, nested(TUPLE)],
    reply: [CTA.TUPLE_REPLY, nested(TUPLE)],
    status: [CTA.STATUS, asBits(asBe32, IPS)],
    timeoutSec: [CTA.TIMEOUT, asBe32],
    mark: [CTA.MARK, asBe32],
    information: [
      CTA.PROTOINFO,
      nested(attributeSet<{ readonly tcp?: TcpInformation }>({ tcp: [CTA_PROTOINFO_TCP, nested(TCP)] })),
    ],
    originalCounters: [CTA.COUNTERS_ORIG, nested(COUNTERS)],
    replyCounters: [CTA.COUNTERS_REPLY, nested(COUNTERS)],
    timestamp: [CTA.TIMESTAMP, nested(attributeSet<{ readonly startedNs?: bigint }>({ startedNs: [1, asBe64] }))],
    synproxy: [
      CTA.SYNPROXY,
      nested(attributeSet<SynProxy>({ sequence: [1, asBe32], timestamp: [2, asBe32], timestampOffset: [3, asBe32] })),
    ],
    help: [CTA.HELP, nested(attributeSet<{ readonly helper?: string }>({ helper: [1, asText] }))],
    zone: [CTA.ZONE, asBe16],
    id: [CTA.ID, asBe32],
  },
  { nameOf: attributeNames('CTA', CTA), readElsewhere: new Set([CTA.USE]) },
);

/** Attributes that name one connection: its tuple, and what tells it apart from another with the same one. */
export function encodeIdentity({ family, ipProtocol, original, zone, id }: Connection): Uint8Array {
  return CONNECTION.encode({
    original: tupleAttributes(original, ipProtocol, family),
    ...(zone !== undefined && { zone }),
    ...(id !== undefined && { id }),
  });
}

/** Attributes of a filter: one direction comes from or goes to an address. */
export function encodeAddresses(direction: 'original' | 'reply', addresses: Addresses): Uint8Array {
  return CONNECTION.encode({ [direction]: { addresses } });
}

function tupleAttributes(tuple: ConnectionTuple, number: number, family: Family): TupleAttributes {
  const { source, destination, sourcePort, destinationPort, icmp, zone } = tuple;
  const isIcmpv6 = number === IPPROTO_ICMPV6 && family === 6;
  return {
    addresses: { source, destination },
    protocol: {
      number,
      ...(sourcePort !== undefined && { sourcePort }),
      ...(destinationPort !== undefined && { destinationPort }),
      ...(icmp !== undefined && !isIcmpv6 && { icmpId: icmp.id, icmpType: icmp.type, icmpCode: icmp.code }),
      ...(icmp !== undefined && isIcmpv6 && { icmpv6Id: icmp.id, icmpv6Type: icmp.type, icmpv6Code: icmp.code }),
    },
    ...(zone !== undefined && { zone }),
  };
}

interface MayHaveUnknown {
  readonly unknown?: readonly UnknownField[];
}

function tupleOf(attributes: TupleAttributes & MayHaveUnknown, unknown: UnknownField[]): ConnectionTuple | undefined {
  const { addresses, protocol = {}, zone } = attributes;
  if (addresses?.source === undefined || addresses.destination === undefined) return undefined;
  for (const part of [attributes, addresses, protocol]) unknown.push(...((part as MayHaveUnknown).unknown ?? []));
  const { sourcePort, destinationPort } = protocol;
  const icmp = {
    id: protocol.icmpId ?? protocol.icmpv6Id ?? 0,
    type: protocol.icmpType ?? protocol.icmpv6Type,
    code: protocol.icmpCode ?? protocol.icmpv6Code ?? 0,
  };
  return {
    source: addresses.source,
    destination: addresses.destination,
    ...(sourcePort !== undefined && { sourcePort }),
    ...(destinationPort !== undefined && { destinationPort }),
    ...(icmp.type !== undefined && { icmp: { ...icmp, type: icmp.type } }),
    ...(zone !== undefined && { zone }),
  };
}

/**
 * A connection as a dump or a notification has it; `undefined` for one of another family than IPv4 and IPv6, or without addresses.
 *
 * @throws {@link NetlinkError} `EBADMSG`
 */
export function decodeConnection({ payload }: NetlinkMessage): Connection | undefined {
  const family = familyOf(u8(payload));
  const found = CONNECTION.decode(payload.subarray(NFGENMSG_LENGTH));
  const unknown: UnknownField[] = [...(found.unknown ?? [])];
  const original = found.original && tupleOf(found.original, unknown);
  const reply = found.reply && tupleOf(found.reply, unknown);
  if (family === undefined || original === undefined || reply === undefined) return undefined;
  const {
    status,
    timeoutSec,
    mark,
    information,
    originalCounters,
    replyCounters,
    timestamp,
    synproxy,
    help,
    zone,
    id,
  } = found;
  return {
    family,
    ipProtocol: found.original?.protocol?.number ?? 0,
    original,
    reply,
    ...(id !== undefined && { id }),
    ...(status !== undefined && { status }),
    ...(timeoutSec !== undefined && { timeoutSec }),
    ...(mark !== undefined && { mark }),
    ...(zone !== undefined && { zone }),
    ...(information?.tcp !== undefined && { tcp: information.tcp }),
    ...(originalCounters !== undefined && { originalCounters }),
    ...(replyCounters !== undefined && { replyCounters }),
    ...(timestamp?.startedNs !== undefined && { startedNs: timestamp.startedNs }),
    ...(synproxy !== undefined && { synproxy }),
    ...(help?.helper !== undefined && { helper: help.helper }),
    ...(unknown.length > 0 && { unknown }),
  };
}

import { formatIp, parseCidr } from '@routed/addresses';

import { type AttributeSet, attributeSet } from '../../attributes/attribute-set.ts';
import { asBe16, asBytes, asMac, asU8 } from '../../attributes/format.ts';
import { type Check, type Complaint, optional } from '../../check/check.ts';
import { show } from '../../check/show.ts';
import type { Decoded, UnknownField } from '../../types/common.ts';
import type { Codec } from '../codec.ts';
import { asHandle } from '../handle.ts';
import { ETHERTYPE, etherTypeOf } from '../protocol.ts';
import type { FilterEffect, FilterProtocol, FlowerSettings } from '../types.ts';
import { asActions } from './actions.ts';
import { type InSoftware, asSoftwareOnly } from './hardware.ts';

/** Addresses and masks have a type for each family, and ports one for each protocol. */
interface FlowerAttributes extends FilterEffect, InSoftware {
  readonly destinationMac?: string;
  readonly destinationMacMask?: string;
  readonly sourceMac?: string;
  readonly sourceMacMask?: string;
  readonly etherType?: number;
  readonly ipProtocol?: number;
  readonly source?: Uint8Array;
  readonly sourceMask?: Uint8Array;
  readonly destination?: Uint8Array;
  readonly destinationMask?: Uint8Array;
  readonly tcpSource?: number;
  readonly tcpDestination?: number;
  readonly udpSource?: number;
  readonly udpDestination?: number;
  readonly sctpSource?: number;
  readonly sctpDestination?: number;
  readonly tcpSourceMask?: number;
  readonly tcpDestinationMask?: number;
  readonly udpSourceMask?: number;
  readonly udpDestinationMask?: number;
  readonly sctpSourceMask?: number;
  readonly sctpDestinationMask?: number;
}

/** Source: linux uapi pkt_cls.h `TCA_FLOWER_*`. */
const ATTRIBUTES: AttributeSet<FlowerAttributes> = attributeSet<FlowerAttributes>({
  classId: [1, asHandle],
  actions: [3, asActions],
  destinationMac: [4, asMac],
  destinationMacMask: [5, asMac],
  sourceMac: [6, asMac],
  sourceMacMask: [7, asMac],
  ipProtocol: [9, asU8],
  source: [[10, 14], asBytes],
  sourceMask: [[11, 15], asBytes],
  destination: [[12, 16], asBytes],
  destinationMask: [[13, 17], asBytes],
  tcpSource: [18, asBe16],
  tcpSourceMask: [35, asBe16],
  tcpDestination: [19, asBe16],
  tcpDestinationMask: [36, asBe16],
  udpSource: [20, asBe16],
  udpSourceMask: [37, asBe16],
  udpDestination: [21, asBe16],
  udpDestinationMask: [38, asBe16],
  sctpSourceMask: [39, asBe16],
  sctpDestinationMask: [40, asBe16],
  sctpSource: [41, asBe16],
  sctpDestination: [42, asBe16],
  etherType: [8, asBe16],
  softwareOnly: [22, asSoftwareOnly],
});
const PORTS_OF: ReadonlyMap<number | undefined, 'tcp' | 'udp' | 'sctp'> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
  [132, 'sctp'],
]);
const PORTS = ['tcp', 'udp', 'sctp'] as const;
const EXACT_MAC = 'ff:ff:ff:ff:ff:ff';
const EXACT_PORT = 0xffff;

const prefix: Check<string> = (value, field) =>
  typeof value === 'string' && parseCidr(value) !== undefined
    ? undefined
    : { field, reason: `${show(value)} is not an address with a prefix length` };

type Spec = FlowerSettings & { readonly protocol?: FilterProtocol };

function verify({
  source,
  destination,
  protocol,
  ipProtocol,
  sourcePort,
  destinationPort,
}: Spec): Complaint | undefined {
  const etherType = etherTypeOf(protocol);
  const families = [source, destination].flatMap((text) => (text === undefined ? [] : [parseCidr(text)?.family]));
  const isOfProtocol = families.every((family) => etherType === (family === 4 ? ETHERTYPE.ip : ETHERTYPE.ipv6));
  if (!isOfProtocol) {
    return {
      field: 'protocol',
      reason: 'addresses to compare need the protocol "ip" or "ipv6", whichever they are of',
    };
  }
  const hasPort = sourcePort !== undefined || destinationPort !== undefined;
  return hasPort && !PORTS_OF.has(ipProtocol)
    ? { field: 'ipProtocol', reason: 'ports need ipProtocol 6 (TCP), 17 (UDP) or 132 (SCTP)' }
    : undefined;
}

function address(name: 'source' | 'destination', text: string | undefined): Partial<FlowerAttributes> {
  const cidr = text === undefined ? undefined : parseCidr(text);
  return cidr === undefined
    ? {}
    : { [name]: cidr.bytes, [`${name}Mask`]: maskOf(cidr.prefixLength, cidr.bytes.length) };
}

function maskOf(prefixLength: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, place) => 0xff00 >> Math.min(8, Math.max(0, prefixLength - place * 8)));
}

/** `undefined`: the mask is not that of a prefix. */
function prefixOf(bytes: Uint8Array | undefined, mask: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || mask === undefined) return undefined;
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? `${formatIp(bytes)}/${bits.replaceAll('0', '').length}` : undefined;
}

function portFields(name: 'Source' | 'Destination', ipProtocol: number | undefined, port: number | undefined): object {
  const protocol = PORTS_OF.get(ipProtocol);
  if (protocol === undefined || port === undefined) return {};
  return { [`${protocol}${name}`]: port };
}

function macFields(name: 'sourceMac' | 'destinationMac', mac: string | undefined): Partial<FlowerAttributes> {
  return mac === undefined ? {} : { [name]: mac, [`${name}Mask`]: EXACT_MAC };
}

function encode(spec: Spec): Uint8Array {
  const { classId, actions, sourceMac, destinationMac, source, destination, ipProtocol } = spec;
  const etherType = etherTypeOf(spec.protocol);
  return ATTRIBUTES.encode({
    ...(classId !== undefined && { classId }),
    ...(actions !== undefined && { actions }),
    ...macFields('destinationMac', destinationMac),
    ...macFields('sourceMac', sourceMac),
    ...(ipProtocol !== undefined && { ipProtocol }),
    ...address('source', source),
    ...address('destination', destination),
    ...portFields('Source', ipProtocol, spec.sourcePort),
    ...portFields('Destination', ipProtocol, spec.destinationPort),
    ...(etherType !== ETHERTYPE.all && { etherType }),
  });
}

/** A value whose mask says that all of it counts; of others both go to `unknown`. */
function exact<T extends number | string>(
  name: string,
  [value, mask]: readonly [value: T | undefined, mask: T | undefined],
  whole: T,
  unknown: UnknownField[],
): T | undefined {
  if (value === undefined || mask === undefined || mask === whole) return value;
  unknown.push({ name, hex: `${value.toString(16)}/${mask.toString(16)}` });
  return undefined;
}

function ports(
  found: Decoded<FlowerAttributes>,
  unknown: UnknownField[],
): Pick<FlowerSettings, 'sourcePort' | 'destinationPort'> {
  const source = PORTS.map((protocol) =>
    exact(`${protocol}Source`, [found[`${protocol}Source`], found[`${protocol}SourceMask`]], EXACT_PORT, unknown),
  );
  const destination = PORTS.map((protocol) =>
    exact(
      `${protocol}Destination`,
      [found[`${protocol}Destination`], found[`${protocol}DestinationMask`]],
      EXACT_PORT,
      unknown,
    ),
  );
  const [sourcePort] = source.filter((port) => port !== undefined);
  const [destinationPort] = destination.filter((port) => port !== undefined);
  return { ...(sourcePort !== undefined && { sourcePort }), ...(destinationPort !== undefined && { destinationPort }) };
}

function decode(bytes: Uint8Array): Decoded<FlowerSettings> {
  const found = ATTRIBUTES.decode(bytes);
  const { classId, actions, ipProtocol } = found;
  const unknown = [...(found.unknown ?? [])];
  const sourceMac = exact('sourceMac', [found.sourceMac, found.sourceMacMask], EXACT_MAC, unknown);
  const destinationMac = exact('destinationMac', [found.destinationMac, found.destinationMacMask], EXACT_MAC, unknown);
  const [source, destination] = (['source', 'destination'] as const).map((name) => {
    const [address, mask] = [found[name], found[`${name}Mask`]];
    const text = prefixOf(address, mask);
    if (address !== undefined && text === undefined) unknown.push({ name, hex: hex(address, mask) });
    return text;
  });
  return {
    ...(classId !== undefined && { classId }),
    ...(actions !== undefined && { actions }),
    ...(ipProtocol !== undefined && { ipProtocol }),
    ...(sourceMac !== undefined && { sourceMac }),
    ...(destinationMac !== undefined && { destinationMac }),
    ...(source !== undefined && { source }),
    ...(destination !== undefined && { destination }),
    ...ports(found, unknown),
    ...(unknown.length > 0 && { unknown }),
  };
}

function hex(value: Uint8Array, mask: Uint8Array | undefined): string {
  return [value, mask ?? new Uint8Array(0)].map((bytes) => Buffer.from(bytes).toString('hex')).join('/');
}

export const FLOWER: Codec<FlowerSettings> = {
  fields: {
    classId: ATTRIBUTES.fields.classId,
    actions: ATTRIBUTES.fields.actions,
    destinationMac: optional(asMac.check),
    sourceMac: optional(asMac.check),
    source: optional(prefix),
    destination: optional(prefix),
    ipProtocol: optional(asU8.check),
    sourcePort: optional(asBe16.check),
    destinationPort: optional(asBe16.check),
  },
  verify,
  encode,
  decode,
};

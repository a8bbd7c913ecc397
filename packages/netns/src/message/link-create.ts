import { MessageWriter } from '../codec/writer.ts';
import type { Purpose } from '../socket/channel.ts';
import type { LinkSpec, VethSpec } from '../types/link.ts';
import { IFLA, IFLA_INFO_DATA, IFLA_INFO_KIND, VETH_INFO_PEER } from '../uapi/if-link.ts';
import { NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL } from '../uapi/netlink.ts';
import { RTM } from '../uapi/rtnetlink.ts';
import { writeLinkHeader } from './link.ts';
import { U32, checkLinkName, checkRange, requireMac } from './validate.ts';

const NOTHING = new Uint8Array(0);
const FLAGS = NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO;

/** RTM_NEWLINK that creates a link of a kind, on a link below it and with the settings of the kind; echoes the link. */
export function buildLinkCreate(
  kind: string,
  spec: LinkSpec,
  purpose: Purpose,
  { lowerIndex, data = NOTHING }: { readonly lowerIndex?: number | undefined; readonly data?: Uint8Array } = {},
): Uint8Array {
  const writer = writeLinkHeader(new MessageWriter(RTM.NEWLINK, FLAGS));
  if (lowerIndex !== undefined) writer.attributeU32(IFLA.LINK, lowerIndex);
  writeSettings(writer, spec, purpose);
  writeGroup(writer, spec, purpose);
  writer.attributeString(IFLA.IFNAME, checkLinkName(spec.name, purpose));
  writer.nest(IFLA.LINKINFO, () => {
    writer.attributeText(IFLA_INFO_KIND, kind);
    if (data.length > 0) writer.attribute(IFLA_INFO_DATA, data);
  });
  return writer.finish();
}

/**
 * RTM_NEWLINK that creates a veth pair; echoes this end. Neither end is up: for the peer the kernel refuses it.
 *
 * Source: linux drivers/net/veth.c `veth_newlink`.
 */
export function buildVethCreate(spec: VethSpec, peerNetnsFd: number | undefined, purpose: Purpose): Uint8Array {
  const { peer } = spec;
  const writer = writeLinkHeader(new MessageWriter(RTM.NEWLINK, FLAGS));
  writeSettings(writer, spec, purpose);
  writeGroup(writer, spec, purpose);
  writer.attributeString(IFLA.IFNAME, checkLinkName(spec.name, purpose));
  const writePeer = (): void => {
    writeLinkHeader(writer);
    writeSettings(writer, peer, purpose);
    if (peerNetnsFd !== undefined) writer.attributeU32(IFLA.NET_NS_FD, peerNetnsFd);
    writer.attributeString(IFLA.IFNAME, checkLinkName(peer.name, purpose, 'peer.name'));
  };
  const writeData = (): unknown => writer.nest(VETH_INFO_PEER, writePeer);
  writer.nest(IFLA.LINKINFO, () => {
    writer.attributeText(IFLA_INFO_KIND, 'veth').nest(IFLA_INFO_DATA, writeData);
  });
  return writer.finish();
}

type Settings = Pick<LinkSpec, 'mtuBytes' | 'mac' | 'txQueueLength'>;

function writeSettings(writer: MessageWriter, { mtuBytes, mac, txQueueLength }: Settings, purpose: Purpose): void {
  if (mtuBytes !== undefined) writer.attributeU32(IFLA.MTU, checkRange(mtuBytes, U32, purpose, 'mtuBytes'));
  if (mac !== undefined) writer.attribute(IFLA.ADDRESS, requireMac(mac, purpose));
  if (txQueueLength !== undefined)
    writer.attributeU32(IFLA.TXQLEN, checkRange(txQueueLength, U32, purpose, 'txQueueLength'));
}

function writeGroup(writer: MessageWriter, { group }: Pick<LinkSpec, 'group'>, purpose: Purpose): void {
  if (group !== undefined) writer.attributeU32(IFLA.GROUP, checkRange(group, U32, purpose, 'group'));
}

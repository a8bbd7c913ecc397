import type { MessageWriter } from '../codec/writer.ts';
import type { Purpose } from '../socket/channel.ts';
import type { Ipv4LinkConf, Ipv6AddressGeneration, LinkChange, LinkSelector } from '../types/link.ts';
import {
  ADDRESS_GENERATION,
  IFF_UP,
  IFLA,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INET_CONF,
  IPV4_DEVCONF,
} from '../uapi/if-link.ts';
import { AF_INET, AF_INET6, RTM } from '../uapi/rtnetlink.ts';
import { linkMessage } from './link.ts';
import { U32, checkAlias, checkLinkName, checkRange, requireMac } from './validate.ts';

/** {@link LinkChange} with the namespace as an open descriptor. */
export type LinkChangeMessage = Omit<LinkChange, 'netns'> & { readonly netnsFd?: number };

/** RTM_NEWLINK without NLM_F_CREATE: changes a link that exists. A new name needs a selector by index. */
export function buildLinkChange(selector: LinkSelector, change: LinkChangeMessage, purpose: Purpose): Uint8Array {
  const { isUp, mtuBytes, mac, name, alias, group, netnsFd, masterIndex, txQueueLength } = change;
  const header = isUp === undefined ? {} : { flags: isUp ? IFF_UP : 0, flagMask: IFF_UP };
  const writer = linkMessage(RTM.NEWLINK, selector, purpose, header);
  const number = (type: number, value: number | undefined, field: string): void => {
    if (value !== undefined) writer.attributeU32(type, checkRange(value, U32, purpose, field));
  };
  if (name !== undefined) writer.attributeString(IFLA.IFNAME, checkLinkName(name, purpose));
  if (mac !== undefined) writer.attribute(IFLA.ADDRESS, requireMac(mac, purpose));
  if (alias !== undefined) writer.attributeText(IFLA.IFALIAS, checkAlias(alias, purpose));
  number(IFLA.MTU, mtuBytes, 'mtuBytes');
  number(IFLA.GROUP, group, 'group');
  number(IFLA.MASTER, masterIndex, 'masterIndex');
  number(IFLA.TXQLEN, txQueueLength, 'txQueueLength');
  number(IFLA.NET_NS_FD, netnsFd, 'netns');
  writeFamilies(writer, change, purpose);
  return writer.finish();
}

interface FamilySettings {
  readonly ipv4Conf?: Ipv4LinkConf;
  readonly ipv6AddressGeneration?: Ipv6AddressGeneration;
}

/** Source: linux net/ipv4/devinet.c `inet_set_link_af`, net/ipv6/addrconf.c `inet6_set_link_af`. */
function writeFamilies(writer: MessageWriter, settings: FamilySettings, purpose: Purpose): void {
  const { ipv4Conf, ipv6AddressGeneration: generation } = settings;
  if (ipv4Conf === undefined && generation === undefined) return;
  writer.nest(IFLA.AF_SPEC, () => {
    if (ipv4Conf !== undefined) writer.nest(AF_INET, () => writeIpv4Conf(writer, ipv4Conf, purpose));
    if (generation !== undefined) {
      writer.nest(AF_INET6, () => writer.attributeU8(IFLA_INET6_ADDR_GEN_MODE, ADDRESS_GENERATION[generation]));
    }
  });
}

function writeIpv4Conf(writer: MessageWriter, conf: Ipv4LinkConf, purpose: Purpose): void {
  writer.nest(IFLA_INET_CONF, () => {
    for (const [field, type] of Object.entries(IPV4_DEVCONF)) {
      const value = conf[field as keyof Ipv4LinkConf];
      if (value !== undefined) writer.attributeU32(type, checkRange(Number(value), U32, purpose, `ipv4Conf.${field}`));
    }
  });
}

/** Whether the change asks for anything. */
export function isEmptyChange(change: object): boolean {
  return Object.values(change).every((value) => value === undefined);
}

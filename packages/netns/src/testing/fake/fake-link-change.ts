import type { Purpose } from '../../socket/channel.ts';
import type { Ipv4LinkConf, LinkChange } from '../../types/link.ts';
import { type FakeLink, keep, refusal } from './fake-state.ts';

/** Limits of a veth. Source: linux if_ether.h `ETH_MIN_MTU`, `ETH_MAX_MTU`. */
const MIN_MTU = 68;
const MAX_MTU = 65_535;

/** Changes a link in place, after the checks the kernel makes. */
export function applyChange(link: FakeLink, change: Omit<LinkChange, 'netns'>, purpose: Purpose): void {
  const { name, mtuBytes, txQueueLength, mac, alias, group, masterIndex, isUp, ipv4Conf } = change;
  check(link, change, purpose);
  if (name !== undefined) link.name = name;
  if (mtuBytes !== undefined) link.mtuBytes = mtuBytes;
  if (txQueueLength !== undefined) link.txQueueLength = txQueueLength;
  if (mac !== undefined) link.mac = mac.toLowerCase();
  if (alias === '') delete link.alias;
  else if (alias !== undefined) link.alias = alias;
  if (group !== undefined) link.group = group;
  if (masterIndex === 0) delete link.masterIndex;
  else if (masterIndex !== undefined) link.masterIndex = masterIndex;
  if (isUp !== undefined) setUp(link, isUp);
  if (ipv4Conf !== undefined) writeConf(link, ipv4Conf);
}

function check(link: FakeLink, { name, mtuBytes, mac, masterIndex }: LinkChange, purpose: Purpose): void {
  const holder = name === undefined ? undefined : link.namespace.find({ name });
  if (holder !== undefined && holder !== link) throw refusal('EEXIST', purpose);
  if (mtuBytes !== undefined && mtuBytes < MIN_MTU) throw refusal('EINVAL', purpose, 'mtu less than device minimum');
  if (mtuBytes !== undefined && mtuBytes > Math.max(MAX_MTU, link.mtuBytes)) {
    throw refusal('EINVAL', purpose, 'mtu greater than device maximum');
  }
  const firstByte = Number.parseInt(mac?.slice(0, 2) ?? '0', 16);
  if ((firstByte & 1) === 1) throw refusal('EADDRNOTAVAIL', purpose);
  if (masterIndex === undefined || masterIndex === 0) return;
  const master = link.namespace.require({ index: masterIndex }, purpose);
  if (master.kind !== 'bridge') throw refusal('EOPNOTSUPP', purpose);
}

/** Going down takes the routes over the link along, and its IPv6 addresses; loopback coming up brings its own addresses. */
function setUp(link: FakeLink, isUp: boolean): void {
  const { namespace, index } = link;
  if (link.isUp === isUp) return;
  link.isUp = isUp;
  if (!isUp) {
    keep(namespace.routes, (route) => route.linkIndex !== index);
    keep(namespace.addresses, (address) => address.linkIndex !== index || address.family === 4);
  } else if (link.isLoopback) {
    const common = { linkIndex: index, scope: 'host', isPermanent: true, ...NO_FLAGS } as const;
    const loopback = [
      { ...common, family: 4, address: '127.0.0.1/8', label: 'lo' },
      { ...common, family: 6, address: '::1/128' },
    ] as const;
    const present = new Set(namespace.addresses.map((address) => `${address.linkIndex} ${address.address}`));
    namespace.addresses.push(...loopback.filter((address) => !present.has(`${index} ${address.address}`)));
  }
}

/** An address without anything special about it. */
export const NO_FLAGS = {
  isTentative: false,
  isDuplicate: false,
  isDeprecated: false,
  isSecondary: false,
  skipsDuplicateDetection: false,
  hasNoPrefixRoute: false,
} as const;

function writeConf(link: FakeLink, conf: Ipv4LinkConf): void {
  for (const [field, value] of Object.entries(conf) as [string, boolean | number][]) {
    const key = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    link.namespace.sysctls.set(`net/ipv4/conf/${link.name}/${key}`, String(Number(value)));
  }
}

import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import { asBits, asBoolean, asFlag, asIpv4, asU16, asU32, asU8, asWord, inRange } from '../attributes/format.ts';
import { encapsulationFields } from './encapsulation.ts';
import type { IpTunnelSettings } from '../types/link-kinds.ts';

export const IP_TUNNEL: AttributeSet<IpTunnelSettings> = attributeSet<IpTunnelSettings>({
  lowerIndex: [1, inRange(asU32, 0, 0x7fff_ffff)],
  local: [2, asIpv4],
  remote: [3, asIpv4],
  ttl: [4, asU8],
  tos: [5, asU8],
  pathMtuDiscovery: [10, asBoolean],
  protocol: [9, asWord(asU8, { any: 0, ipip: 4, ip6ip: 41, mpls: 137 })],
  flags: [8, asBits(asU16, { isatap: 1 })],
  mark: [20, asU32],
  external: [19, asFlag],
  ...encapsulationFields(15),
});

import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import { asBoolean, asIp, asIpv4, asList, asMac, asU16, asU32, asU8, asWord } from '../attributes/format.ts';
import type { BondSettings } from '../types/link-kinds.ts';

export const BOND: AttributeSet<BondSettings> = attributeSet<BondSettings>({
  mode: [
    1,
    asWord(asU8, {
      'balance-rr': 0,
      'active-backup': 1,
      'balance-xor': 2,
      broadcast: 3,
      '802.3ad': 4,
      'balance-tlb': 5,
      'balance-alb': 6,
    }),
  ],
  activePortIndex: [2, asU32],
  miiMonitorMs: [3, asU32],
  upDelayMs: [4, asU32],
  downDelayMs: [5, asU32],
  peerNotificationDelayMs: [28, asU32],
  useCarrier: [6, asBoolean],
  arpIntervalMs: [7, asU32],
  arpTargets: [8, asList(asIpv4)],
  nsTargets: [31, asList(asIp)],
  arpValidate: [
    9,
    asWord(asU32, { none: 0, active: 1, backup: 2, all: 3, filter: 4, filter_active: 5, filter_backup: 6 }),
  ],
  arpAllTargets: [10, asWord(asU32, { any: 0, all: 1 })],
  arpMissedMax: [30, asU8],
  primaryIndex: [11, asU32],
  primaryReselect: [12, asWord(asU8, { always: 0, better: 1, failure: 2 })],
  failOverMac: [13, asWord(asU8, { none: 0, active: 1, follow: 2 })],
  transmitHashPolicy: [
    14,
    asWord(asU8, { layer2: 0, 'layer3+4': 1, 'layer2+3': 2, 'encap2+3': 3, 'encap3+4': 4, 'vlan+srcmac': 5 }),
  ],
  igmpResends: [15, asU32],
  peerNotifications: [16, asU8],
  allPortsActive: [17, asBoolean],
  minLinks: [18, asU32],
  learningPacketIntervalSec: [19, asU32],
  packetsPerPort: [20, asU32],
  tlbDynamic: [27, asBoolean],
  lacpActive: [29, asBoolean],
  coupledControl: [32, asBoolean],
  lacpRate: [21, asWord(asU8, { slow: 0, fast: 1 })],
  aggregatorSelection: [22, asWord(asU8, { stable: 0, bandwidth: 1, count: 2 })],
  actorSystemPriority: [24, asU16],
  actorSystem: [26, asMac],
  userPortKey: [25, asU16],
});

import { readFileSync } from 'node:fs';

import { expect } from 'chai';

import { attributeList, attributes, text } from '../../../src/codec/reader.ts';
import { buildKindCreate } from '../../../src/kinds/kind-messages.ts';
import { LINK_KINDS } from '../../../src/kinds/kinds.ts';
import type { NewLink } from '../../../src/types/link-kinds.ts';
import { IFLA, IFLA_INFO_DATA, IFLA_INFO_KIND } from '../../../src/uapi/if-link.ts';
import { fromHex, purpose } from '../../support/messages.ts';

interface Recorded {
  readonly command: string;
  readonly hex: string;
}

/** What `ip` of iproute2 sent on x86_64; made by record-links.mjs beside it. */
const recorded = JSON.parse(readFileSync(new URL('../../golden/links.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Recorded>
>;
const LOOPBACK = 1;
const name = 'x';

const specs: Readonly<Record<string, NewLink>> = {
  dummy: { kind: 'dummy', name },
  wireguard: { kind: 'wireguard', name },
  vlan: {
    kind: 'vlan',
    name,
    lowerIndex: LOOPBACK,
    id: 7,
    protocol: '802.1ad',
    flags: { reorderHeader: false, gvrp: true },
    egressPriorities: [
      { from: 1, to: 2 },
      { from: 3, to: 4 },
    ],
    ingressPriorities: [{ from: 5, to: 6 }],
  },
  bridge: {
    kind: 'bridge',
    name,
    vlanFiltering: true,
    vlanProtocol: '802.1ad',
    defaultVlan: 7,
    vlanStatistics: true,
    vlanStatisticsPerPort: true,
    options: { multicastVlanSnooping: true },
  },
  ipvlan: { kind: 'ipvlan', name, lowerIndex: LOOPBACK, mode: 'l3s', isolation: 'private' },
  vrf: { kind: 'vrf', name, table: 1000 },
  bond: {
    kind: 'bond',
    name,
    mode: '802.3ad',
    miiMonitorMs: 100,
    upDelayMs: 200,
    downDelayMs: 300,
    useCarrier: true,
    transmitHashPolicy: 'layer3+4',
    minLinks: 2,
    lacpRate: 'fast',
    aggregatorSelection: 'count',
    actorSystemPriority: 7,
    userPortKey: 9,
    actorSystem: '02:00:00:00:00:07',
    igmpResends: 3,
    peerNotifications: 4,
    allPortsActive: true,
    packetsPerPort: 5,
    learningPacketIntervalSec: 6,
    peerNotificationDelayMs: 100,
    lacpActive: true,
  },
  bondArp: {
    kind: 'bond',
    name,
    mode: 'active-backup',
    arpIntervalMs: 1000,
    arpTargets: ['10.0.0.1', '10.0.0.2'],
    arpValidate: 'all',
    arpAllTargets: 'all',
    primaryReselect: 'better',
    failOverMac: 'follow',
    arpMissedMax: 3,
    tlbDynamic: true,
    coupledControl: false,
    nsTargets: ['fd00::1', 'fd00::2'],
  },
  gre: {
    kind: 'gre',
    name,
    lowerIndex: LOOPBACK,
    local: '10.0.0.1',
    remote: '10.0.0.2',
    inputKey: 5,
    outputKey: 6,
    input: { checksum: true },
    output: { sequence: true },
    ttl: 64,
    tos: 0x10,
    pathMtuDiscovery: true,
    mark: 9,
    encapsulation: 'fou',
    encapsulationFlags: { checksum: true },
    encapsulationSourcePort: 1234,
    encapsulationDestinationPort: 5555,
  },
  gretap: { kind: 'gretap', name, external: true },
  ipip: {
    kind: 'ipip',
    name,
    lowerIndex: LOOPBACK,
    local: '10.0.0.1',
    remote: '10.0.0.2',
    ttl: 0,
    tos: 0,
    pathMtuDiscovery: false,
    protocol: 'any',
    mark: 3,
    encapsulation: 'none',
    encapsulationFlags: {},
    encapsulationSourcePort: 0,
    encapsulationDestinationPort: 0,
  },
  sit: {
    kind: 'sit',
    name,
    lowerIndex: 0,
    local: '10.0.0.1',
    remote: '10.0.0.2',
    ttl: 0,
    tos: 0,
    pathMtuDiscovery: true,
    protocol: 'any',
    flags: { isatap: true },
    mark: 0,
    encapsulation: 'gue',
    encapsulationFlags: { remoteChecksum: true },
    encapsulationSourcePort: 0,
    encapsulationDestinationPort: 7,
  },
  netkit: {
    kind: 'netkit',
    name,
    mode: 'l2',
    policy: 'blackhole',
    peerPolicy: 'forward',
    peer: { name: 'nk1' },
  },
};

interface Shape {
  readonly link: string;
  readonly settings: readonly string[];
}

/** Attributes in any order, as text: netlink gives their order no meaning. */
function shapeOf(message: Uint8Array): Shape {
  const payload = message.subarray(16);
  const list = (bytes: Uint8Array, start = 0): string[] =>
    attributeList(bytes, start)
      .map(([type, value]) => `${type}: ${Buffer.from(value).toString('hex')}`)
      .sort();
  const outer = list(payload, 16).filter((line) => !line.startsWith(`${IFLA.LINKINFO}:`));
  const info = attributes(attributes(payload, 16).get(IFLA.LINKINFO)!);
  const data = info.get(IFLA_INFO_DATA) ?? new Uint8Array(0);
  // Newer releases end the kind with a zero byte, which the kernel passes over.
  return { link: `${outer.join(', ')} ${text(info.get(IFLA_INFO_KIND)!)}`, settings: list(data) };
}

function settingsOf(message: Uint8Array): Uint8Array {
  return attributes(attributes(message.subarray(16), 16).get(IFLA.LINKINFO)!).get(IFLA_INFO_DATA) ?? new Uint8Array(0);
}

describe('kinds of links that this kernel may lack', () => {
  it('are all recorded', () => {
    expect(Object.keys(specs).sort()).to.deep.equal(Object.keys(recorded).sort());
  });

  for (const [title, { command, hex }] of Object.entries(recorded)) {
    const spec = specs[title]!;

    it(`are created with the bytes of "${command}"`, () => {
      expect(shapeOf(buildKindCreate(spec, purpose))).to.deep.equal(shapeOf(fromHex(hex)));
    });

    it(`are read as "${command}" has them`, () => {
      const { kind, lowerIndex, ...settings } = spec as NewLink & { readonly lowerIndex?: number };
      const set = LINK_KINDS[kind];
      const isBelow = 'lowerIndex' in set.fields && lowerIndex !== undefined;

      const decoded = set.decode(settingsOf(fromHex(hex))) as Record<string, unknown>;

      expect(decoded['unknown']).to.equal(undefined);
      expect(decoded).to.deep.include(isBelow ? { lowerIndex } : {});
      for (const [field, value] of Object.entries(settings).filter(([field]) => field !== 'name')) {
        if (typeof value === 'object' && !Array.isArray(value)) expect(decoded[field]).to.deep.include(value);
        else expect(decoded[field], field).to.deep.equal(value);
      }
    });
  }
});

import { expect } from 'chai';
import fc from 'fast-check';

import { buildForwardingAdd, decodeForwarding } from '../../../src/bridge/forwarding-messages.ts';
import { buildVlanChange, decodeVlans } from '../../../src/bridge/vlan-messages.ts';
import { messages } from '../../../src/codec/reader.ts';
import { buildNextHopAdd, decodeNextHop } from '../../../src/next-hops/next-hop-messages.ts';
import type { NewForwardingEntry } from '../../../src/types/bridge.ts';
import type { NewNextHop } from '../../../src/types/next-hop-object.ts';
import { RTM } from '../../../src/uapi/rtnetlink.ts';
import { failure } from '../../support/failure.ts';
import { purpose } from '../../support/messages.ts';

const id = fc.integer({ min: 1, max: 0xffff_ffff });
const index = fc.integer({ min: 1, max: 0x7fff_ffff });
const vlan = fc.integer({ min: 1, max: 4094 });
const timerMs = fc.nat(1_000_000).map((value) => value * 10);
const groups = fc.record(
  {
    id,
    group: fc.array(fc.record({ id, weight: fc.integer({ min: 1, max: 65_536 }) }), { minLength: 1, maxLength: 9 }),
    resilient: fc.record({
      buckets: fc.integer({ min: 1, max: 65_535 }),
      idleTimerMs: timerMs,
      unbalancedTimerMs: timerMs,
    }),
    isFdb: fc.constant(true),
    protocol: fc.nat(255),
  },
  { requiredKeys: ['id', 'group'] },
);
const ways = fc.record(
  { id, linkIndex: index, gateway: fc.ipV4(), protocol: fc.nat(255) },
  { requiredKeys: ['id', 'linkIndex'] },
);
const entries = fc.record(
  {
    linkIndex: index,
    mac: fc
      .array(fc.nat(255), { minLength: 6, maxLength: 6 })
      .map((bytes) => bytes.map((one) => one.toString(16).padStart(2, '0')).join(':')),
    state: fc.constantFrom('permanent', 'static', 'dynamic'),
    isMaster: fc.boolean(),
    isSticky: fc.boolean(),
    isExternallyLearnt: fc.boolean(),
    vlan,
    remote: fc.ipV4(),
    port: fc.nat(65_535),
    vni: fc.nat(0xff_ffff),
    sourceVni: fc.nat(0xff_ffff),
    viaIndex: index,
    nextHopId: id,
  },
  { requiredKeys: ['linkIndex', 'mac', 'state', 'isMaster', 'isSticky', 'isExternallyLearnt'] },
);

function read(message: Uint8Array): ReturnType<typeof messages> extends Generator<infer Message> ? Message : never {
  return [...messages(message)][0]!;
}

describe('what is sent comes back', () => {
  it('of next-hop objects and groups', () => {
    fc.assert(
      fc.property(fc.oneof(groups, ways), (spec: NewNextHop) => {
        const { resilient, ...rest } = spec;

        const decoded = decodeNextHop(read(buildNextHopAdd(spec, 0, purpose)));

        expect(decoded).to.deep.include(rest);
        if (resilient !== undefined) expect(decoded.resilient).to.deep.equal({ ...resilient, unbalancedMs: 0 });
        expect(decoded.unknown).to.equal(undefined);
      }),
    );
  });

  it('of forwarding entries', () => {
    fc.assert(
      fc.property(entries, (spec: NewForwardingEntry) => {
        expect(decodeForwarding(read(buildForwardingAdd(spec, 0)))).to.deep.equal({ ...spec, isOffloaded: false });
      }),
    );
  });

  it('of VLANs', () => {
    fc.assert(
      fc.property(index, vlan, vlan, fc.boolean(), (linkIndex, one, other, isUntagged) => {
        const spec = { linkIndex, id: Math.min(one, other), lastId: Math.max(one, other), isUntagged };

        const decoded = decodeVlans(read(buildVlanChange(RTM.SETLINK, spec, purpose)));

        expect(decoded).to.deep.equal([{ ...spec, isPvid: false }]);
      }),
    );
  });

  it('and what the kernel would pass over is refused', async () => {
    const refuse = (spec: object): Promise<{ attribute?: string }> =>
      failure(Promise.resolve().then(() => buildNextHopAdd({ id: 1, ...spec }, 0, purpose)));
    const group = [{ id: 2 }];

    expect(await refuse({ group, linkIndex: 1 })).to.include({ attribute: 'linkIndex' });
    expect(await refuse({ group, family: 6 })).to.include({ attribute: 'family' });
    expect(await refuse({ group: [] })).to.include({ attribute: 'group' });
    expect(await refuse({ linkIndex: 1, resilient: { buckets: 8 } })).to.include({ attribute: 'resilient' });
    expect(await refuse({ isBlackhole: true, gateway: '10.0.0.1' })).to.include({ attribute: 'gateway' });
    expect(await refuse({ linkIndex: 1, gateway: '10.0.0.1', family: 6 })).to.include({ attribute: 'family' });
  });
});

import { readFileSync } from 'node:fs';

import { expect } from 'chai';
import fc from 'fast-check';

import { buildVlanChange, decodeVlans } from '../../../src/bridge/vlan-messages.ts';
import { attributeList, messages } from '../../../src/codec/reader.ts';
import {
  decodeEncapsulation,
  encodeEncapsulation,
  nameRouteEncapsulation,
} from '../../../src/encapsulation/route-encapsulation.ts';
import { decodeRoute } from '../../../src/message/route-decode.ts';
import { buildRouteAdd } from '../../../src/message/route.ts';
import type { BridgeVlan, BridgeVlanTarget } from '../../../src/types/bridge.ts';
import type { RouteEncapsulation } from '../../../src/types/encapsulation.ts';
import type { NewRoute } from '../../../src/types/route.ts';
import { RTA, RTM } from '../../../src/uapi/rtnetlink.ts';
import { failure } from '../../support/failure.ts';
import { fromHex, purpose } from '../../support/messages.ts';

interface Recorded {
  readonly command: string;
  readonly hex: string;
}

/** What `ip` and `bridge` of iproute2 6.1 sent on x86_64; made by record-routes.mjs beside it. */
const recorded = JSON.parse(readFileSync(new URL('../../golden/routes.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Recorded>
>;
const linkIndex = 1;
const TYPES = { type: RTA.ENCAP_TYPE, data: RTA.ENCAP };
const encode = (encapsulation: RouteEncapsulation): Uint8Array => encodeEncapsulation(encapsulation, TYPES, purpose);

const ipv4 = { destination: '10.9.0.0/16', linkIndex };
const ipv6 = { destination: 'fd09::/64', linkIndex };
const segments = ['fd00::1', 'fd00::2'];
const routes: Readonly<Record<string, NewRoute>> = {
  mpls: { ...ipv4, gateway: '10.0.0.2', encapsulation: { kind: 'mpls', labels: [100, 200], ttl: 9 } },
  ip: {
    ...ipv4,
    encapsulation: { kind: 'ip', id: 5, source: '10.0.0.1', destination: '10.0.0.9', ttl: 7, tos: 8 },
  },
  ip6: { ...ipv6, encapsulation: { kind: 'ip6', id: 5, source: 'fd00::1', destination: 'fd00::9', ttl: 7, tos: 8 } },
  seg6: { ...ipv6, encapsulation: { kind: 'seg6', mode: 'encap', segments } },
  seg6Inline: { ...ipv6, encapsulation: { kind: 'seg6', mode: 'inline', segments } },
  hops: {
    destination: '10.9.0.0/16',
    nextHops: [
      { linkIndex, gateway: '10.0.0.2', encapsulation: { kind: 'mpls', labels: [100] } },
      { linkIndex, gateway: '10.0.0.3', weight: 2 },
    ],
  },
};
const vlans: Readonly<Record<string, BridgeVlan & BridgeVlanTarget>> = {
  vlan: { linkIndex, id: 7, isPvid: true, isUntagged: true },
  vlanRange: { linkIndex, id: 10, lastId: 20 },
  vlanSelf: { linkIndex, id: 7, isSelf: true },
  vlanDelete: { linkIndex, id: 10, lastId: 20 },
};

/** Attributes in any order, those of `nested` opened, as text: netlink gives their order no meaning, nor its padding. */
function shapeOf(payload: Uint8Array, headerBytes: number, nested: readonly number[]): readonly string[] {
  const list = (bytes: Uint8Array, start = 0): string[] =>
    attributeList(bytes, start)
      .map(([type, value]) => {
        const isOpened = start > 0 && nested.includes(type);
        return `${type}: ${isOpened ? list(value).join() : Buffer.from(value).toString('hex')}`;
      })
      .sort();
  return [Buffer.from(payload.subarray(0, headerBytes)).toString('hex'), ...list(payload, headerBytes)];
}

const address4 = fc.ipV4();
const address6 = fc
  .tuple(fc.nat(0xfffe), fc.nat(0xfffe))
  .map(([high, low]) => `fd00::${(high + 1).toString(16)}:${(low + 1).toString(16)}`);
const byte = fc.nat(255);
const encapsulations: fc.Arbitrary<RouteEncapsulation> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('mpls' as const),
      labels: fc.array(fc.nat(0xf_ffff), { minLength: 1, maxLength: 8 }),
      ttl: byte,
    },
    { requiredKeys: ['kind', 'labels'] },
  ),
  fc.record(
    {
      kind: fc.constant('ip' as const),
      id: fc.bigInt(0n, 2n ** 64n - 1n).map((id) => (id <= Number.MAX_SAFE_INTEGER ? Number(id) : String(id))),
      source: address4,
      destination: address4,
      ttl: byte,
      tos: byte,
    },
    { requiredKeys: ['kind'] },
  ),
  fc.record({
    kind: fc.constant('seg6' as const),
    mode: fc.constantFrom('inline', 'encap', 'l2encap', 'encap.red', 'l2encap.red'),
    segments: fc.array(address6, { minLength: 1, maxLength: 20 }),
  }),
);

describe('routes and VLANs that this kernel may lack', () => {
  it('are all recorded', () => {
    expect(Object.keys({ ...routes, ...vlans }).sort()).to.deep.equal(Object.keys(recorded).sort());
  });

  for (const [title, spec] of Object.entries(routes)) {
    const { command, hex } = recorded[title]!;

    it(`are built with the bytes of "${command}"`, () => {
      const ours = buildRouteAdd(spec, 0, purpose, encode).subarray(16);
      const nested = [RTA.ENCAP];

      expect(shapeOf(ours, 12, nested)).to.deep.equal(shapeOf(fromHex(hex).subarray(16), 12, nested));
    });

    it(`are read as "${command}" has them`, () => {
      const [message] = messages(fromHex(hex));

      const route = nameRouteEncapsulation(decodeRoute(message!)!);

      expect(route.unknown).to.equal(undefined);
      if (spec.nextHops === undefined) expect(route.encapsulation).to.deep.equal(spec.encapsulation);
      else
        expect(route.nextHops.map((hop) => hop.encapsulation)).to.deep.equal(
          spec.nextHops.map((hop) => hop.encapsulation),
        );
    });
  }

  for (const [title, vlan] of Object.entries(vlans)) {
    const { command, hex } = recorded[title]!;

    it(`are built with the bytes of "${command}"`, () => {
      const type = title === 'vlanDelete' ? RTM.DELLINK : RTM.SETLINK;
      const ours = buildVlanChange(type, vlan, purpose);

      expect(Buffer.from(ours.subarray(16)).toString('hex')).to.equal(hex.slice(32));
    });

    it(`are read as "${command}" has them`, () => {
      const [message] = messages(fromHex(hex));
      const { id, lastId = id, isPvid = false, isUntagged = false } = vlan;

      expect(decodeVlans(message!)).to.deep.equal([{ linkIndex, id, lastId, isPvid, isUntagged }]);
    });
  }

  it('encapsulations come back as they were sent', () => {
    fc.assert(
      fc.property(encapsulations, (encapsulation) => {
        const sent = new Map(attributeList(encode(encapsulation)));
        const type = Buffer.from(sent.get(RTA.ENCAP_TYPE)!).readUInt16LE();

        expect(decodeEncapsulation(type, sent.get(RTA.ENCAP)!)).to.deep.equal(encapsulation);
      }),
    );
  });

  it('an encapsulation that is not understood is refused, and one that is read is kept as it is', async () => {
    const refuse = (encapsulation: object): Promise<{ attribute?: string; message: string }> =>
      failure(Promise.resolve().then(() => encode(encapsulation as RouteEncapsulation)));

    expect(await refuse({ kind: 'mlps' })).to.include({ attribute: 'encapsulation.kind' });
    expect(await refuse({ kind: 'mpls', labels: [] })).to.include({ attribute: 'encapsulation.labels' });
    expect(await refuse({ kind: 'mpls', labels: [1 << 20] })).to.include({ attribute: 'encapsulation.labels' });
    expect((await refuse({ kind: 'ip', destintion: '10.0.0.1' })).message).to.include('did you mean destination?');
    expect(await refuse({ kind: 'seg6', mode: 'encap', segments: ['10.0.0.1'] })).to.include({
      attribute: 'encapsulation.segments',
    });
    expect(decodeEncapsulation(6, new Uint8Array(0))).to.equal(undefined);
    expect(decodeEncapsulation(1, fromHex('080063000100000008000100000641 00'.replace(' ', '')))).to.equal(undefined);
  });
});

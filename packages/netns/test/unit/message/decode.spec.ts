import { expect } from 'chai';
import * as fc from 'fast-check';

import { type NetlinkMessage, messages } from '../../../src/codec/reader.ts';
import { type Received, receivedMessages } from '../../../src/codec/received.ts';
import { MessageWriter, align } from '../../../src/codec/writer.ts';
import { isNetlinkError } from '../../../src/errors.ts';
import { buildAddressAdd, decodeAddress } from '../../../src/message/address.ts';
import { decodeLink } from '../../../src/message/link-decode.ts';
import { buildNeighbourAdd, decodeNeighbour } from '../../../src/message/neighbour.ts';
import { decodeAnyRoute, decodeRoute } from '../../../src/message/route-decode.ts';
import { buildRouteAdd } from '../../../src/message/route.ts';
import { buildRule, decodeRule } from '../../../src/message/rule.ts';
import { RTM } from '../../../src/uapi/rtnetlink.ts';
import { datagram, doneMessage, purpose } from '../../support/messages.ts';

const read = (bytes: Uint8Array): NetlinkMessage => [...messages(bytes)][0]!;
const number = fc.integer({ min: 1, max: 0x7fffffff });
const ip = fc.oneof(
  fc.ipV4(),
  fc.ipV6().filter((text) => !text.includes('.')),
);

/** The message where it was received, between others. */
const inPlace = (bytes: Uint8Array): Received =>
  receivedMessages(
    datagram(doneMessage(1), bytes, doneMessage(2)),
    2 * doneMessage(1).length + align(bytes.length),
  )[1]!;

describe('the decoders', () => {
  it('read the same in place as from a copy', () => {
    const attribute = fc.tuple(
      fc.constantFrom(1, 4, 5, 6, 7, 8, 12, 15, 20, 25, 30, 99),
      fc.uint8Array({ maxLength: 36 }),
    );
    const sized = fc.tuple(fc.constantFrom(1, 4, 5, 6, 7, 15), fc.uint8Array({ minLength: 4, maxLength: 4 }));
    const head = fc.record({
      family: fc.constantFrom(2, 10, 128),
      bytes: fc.tuple(fc.nat(128), fc.constantFrom(0, 0, 9), fc.constantFrom(0, 0, 8), fc.nat(255), fc.nat(255)),
      scope: fc.constantFrom(0, 253, 254, 77),
      type: fc.constantFrom(1, 2, 6, 9, 200),
      flags: fc.constantFrom(0, 0x200, 4, 1, 0x11),
    });
    const attributes = fc.array(fc.oneof({ weight: 4, arbitrary: sized }, attribute), { maxLength: 6 });

    fc.assert(
      fc.property(head, attributes, ({ family, bytes, scope, type, flags }, list) => {
        const [length, sourceLength, tos, table, protocol] = bytes;
        const writer = new MessageWriter(24, 0).u8(family).u8(length).u8(sourceLength).u8(tos);
        writer.u8(table).u8(protocol).u8(scope).u8(type).u32(flags);
        for (const [number, payload] of list) writer.attribute(number, payload);
        const message = writer.finish();
        const outcome = (decode: () => unknown): unknown => {
          try {
            return decode();
          } catch (error) {
            return (error as Error).message;
          }
        };

        expect(outcome(() => decodeAnyRoute(inPlace(message)))).to.deep.equal(
          outcome(() => decodeAnyRoute(read(message))),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it('read a number of a link from nothing but its attribute', () => {
    const link = new MessageWriter(16, 0).u8(0).u8(0).u16(0).u32(3).u32(0).u32(0);
    link.attribute(4, Uint8Array.of(1, 2)).attributeString(3, 'a0');

    expect(() => decodeLink(inPlace(link.finish())))
      .to.throw()
      .with.property('code', 'EBADMSG');
  });

  it('read names of links in other scripts', () => {
    const link = new MessageWriter(16, 0).u8(0).u8(0).u16(0).u32(3).u32(0).u32(0);
    link.attributeString(3, 'eth-ü').attributeText(20, 'größer als 13 Zeichen');

    expect(decodeLink(inPlace(link.finish()))).to.include({ name: 'eth-ü', alias: 'größer als 13 Zeichen' });
  });

  it('read back the routes that were built', () => {
    const spec = fc.record({
      destination: fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `10.${a}.${b}.0/24`),
      linkIndex: number,
      protocol: fc.integer({ min: 1, max: 255 }),
      table: fc.integer({ min: 1, max: 0xffffffff }),
      metric: fc.integer({ min: 1, max: 0xffffffff }),
      gateway: fc.ipV4(),
      onLink: fc.boolean(),
    });

    fc.assert(
      fc.property(spec, (route) => {
        const decoded = decodeRoute(read(buildRouteAdd(route, 0, purpose)));

        const { onLink, ...fields } = route;
        expect(decoded).to.deep.include(fields);
        expect(decoded?.flags.isOnLink).to.equal(onLink);
      }),
    );
  });

  it('read back the addresses, neighbours and rules that were built', () => {
    fc.assert(
      fc.property(ip, number, fc.boolean(), (address, linkIndex, flag) => {
        const built = buildAddressAdd(
          { linkIndex, address, skipDuplicateDetection: flag, noPrefixRoute: !flag },
          0,
          purpose,
        );
        const entry = { linkIndex, address, mac: '02:00:00:00:00:01', isPermanent: flag };
        const rule = { family: address.includes(':') ? 6 : 4, source: address, table: linkIndex, priority: 5 } as const;

        const canonical = decodeNeighbour(read(buildNeighbourAdd(entry, 0, purpose)));
        const decoded = decodeAddress(read(built));

        expect(canonical).to.include({ linkIndex, mac: entry.mac, isPermanent: flag });
        expect(decoded).to.include({ linkIndex, skipsDuplicateDetection: flag, hasNoPrefixRoute: !flag });
        expect(decoded?.address.split('/')[0]).to.equal(canonical?.address);
        expect(decodeRule(read(buildRule(RTM.NEWRULE, 0, rule, purpose)))).to.include({
          source: decoded?.address,
          table: linkIndex,
        });
      }),
    );
  });

  it('read identifiers of 64 bits as what JSON can say', () => {
    const tunnelIds = [7, Number.MAX_SAFE_INTEGER, '9007199254740992', '18446744073709551615'];
    const rules = tunnelIds.map((tunnelId) =>
      decodeRule(read(buildRule(RTM.NEWRULE, 0, { family: 4, table: 7, tunnelId }, purpose))),
    );

    expect((JSON.parse(JSON.stringify(rules)) as typeof rules).map((rule) => rule?.tunnelId)).to.deep.equal(tunnelIds);
  });

  it('read several next hops', () => {
    const writer = new MessageWriter(24, 0).u8(2).u8(24).u8(0).u8(0).u8(254).u8(186).u8(0).u8(1).u32(0);
    writer.attribute(1, Uint8Array.of(10, 9, 0, 0));
    writer.nest(9, () => {
      writer
        .u16(16)
        .u8(0)
        .u8(0)
        .u32(5)
        .attribute(5, Uint8Array.of(10, 0, 0, 1));
      writer.u16(8).u8(0).u8(9).u32(6);
    });

    const route = decodeRoute(read(writer.finish()));

    expect(route?.nextHops).to.deep.equal([
      { linkIndex: 5, gateway: '10.0.0.1', weight: 1 },
      { linkIndex: 6, weight: 10 },
    ]);
    expect(route).not.to.have.any.keys('linkIndex', 'gateway');
  });

  it('keep what they do not understand', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const rule = new MessageWriter(32, 0).u8(2).u8(0).u8(0).u8(0).u8(254).u8(0).u8(0).u8(9).u32(0x100);
    const route = new MessageWriter(24, 0).u8(2).u8(0).u8(0).u8(0).u8(254).u8(3).u8(77).u8(1).u32(0);
    const address = new MessageWriter(20, 0).u8(2).u8(32).u8(0).u8(77).u32(1).attribute(1, bytes);
    const neighbour = new MessageWriter(28, 0).u8(2).u8(0).u16(0).u32(1).u16(0x12).u8(0x10).u8(0).attribute(1, bytes);
    const withMore = (writer: MessageWriter): NetlinkMessage => read(writer.attribute(99, bytes).finish());
    const more = { name: 'attribute 99', hex: '01020304' };

    expect(decodeRule(withMore(rule))).to.deep.include({
      action: 'other',
      unknown: [more, { name: 'fib_rule_hdr.action', hex: '09' }, { name: 'fib_rule_hdr.flags', hex: '100' }],
    });
    expect(decodeRoute(withMore(route))).to.deep.include({ unknown: [more, { name: 'rtm_scope', hex: '4d' }] });
    expect(decodeAddress(withMore(address.attributeU32(8, 0x90)))).to.deep.include({
      unknown: [more, { name: 'ifa_flags', hex: '10' }, { name: 'ifa_scope', hex: '4d' }],
    });
    expect(decodeNeighbour(withMore(neighbour))).to.deep.include({
      unknown: [more, { name: 'ndm_state', hex: '12' }, { name: 'ndm_flags', hex: '10' }],
    });
  });

  it('do not take the index of a link in an unknown namespace for one of this', () => {
    const link = new MessageWriter(16, 0).u8(0).u8(0).u16(0).u32(3).u32(0).u32(0);
    link.attributeString(3, 'a0').attributeU32(5, 7).attributeU32(37, 0xffff_ffff);

    expect(decodeLink(read(link.finish()))).not.to.have.any.keys('peerIndex', 'peerNetnsId');
  });

  it('leave out what is not about IP: bridge ports and entries, multicast routes, cached clones', () => {
    const bridge = read(new MessageWriter(17, 0).u8(7).u8(0).u16(0).u32(3).u32(0).u32(0).finish());
    const clone = new MessageWriter(24, 0).u8(10).u8(0).u8(0).u8(0).u8(254).u8(0).u8(0).u8(1).u32(0x200).finish();
    const multicast = new MessageWriter(24, 0).u8(128).u8(0).u8(0).u8(0).u8(254).u8(0).u8(0).u8(5).u32(0).finish();
    const fdb = new MessageWriter(28, 0).u8(7).u8(0).u16(0).u32(3).u16(0).u8(0).u8(0).finish();

    expect(decodeLink(bridge)).to.equal(undefined);
    expect(decodeRoute(read(clone))).to.equal(undefined);
    expect(decodeRoute(read(multicast))).to.equal(undefined);
    expect(decodeNeighbour(read(fdb))).to.equal(undefined);
    expect(decodeAddress(read(new MessageWriter(20, 0).u32(7).u32(1).finish()))).to.equal(undefined);
    expect(decodeRule(read(new MessageWriter(32, 0).u32(128).u32(0).u32(0).finish()))).to.equal(undefined);
  });

  it('answer EBADMSG, and nothing worse, to any payload', () => {
    const decoders = [decodeLink, decodeAddress, decodeRoute, decodeNeighbour, decodeRule];

    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(2, 10, 0), (payload, family) => {
        if (payload.length > 0) payload[0] = family;
        for (const decode of decoders) {
          try {
            decode({ type: 24, flags: 0, sequence: 0, payload });
          } catch (error) {
            if (!isNetlinkError(error, 'EBADMSG')) throw error;
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});

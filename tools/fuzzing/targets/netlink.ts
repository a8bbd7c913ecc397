import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { identify } from '../../../packages/netfilter/src/codec/rules.ts';
import { linkOfKey } from '../../../packages/netfilter/src/codec/key.ts';
import { buildSetElements, decodeSetElements } from '../../../packages/netfilter/src/codec/set-elements.ts';
import { isDamage, isForeignChange } from '../../../packages/netfilter/src/ruleset-damage.ts';
import {
  NFT_MSG,
  NFTA_COUNTER_BYTES,
  NFTA_COUNTER_PACKETS,
  NFTA_DATA_VALUE,
  NFTA_EXPR_DATA,
  NFTA_EXPR_NAME,
  NFTA_LIST_ELEM,
  NFTA_SET_ELEM_EXPR,
  NFTA_SET_ELEM_KEY,
  NFTA_SET_ELEM_LIST_ELEMENTS,
} from '../../../packages/netfilter/src/uapi/nf-tables.ts';
import { NFNL_SUBSYS_NFTABLES } from '../../../packages/netns/src/uapi/nfnetlink.ts';
import { decodeAck } from '../../../packages/netns/src/codec/ack.ts';
import { type NetlinkMessage, messages } from '../../../packages/netns/src/codec/reader.ts';
import { MessageWriter } from '../../../packages/netns/src/codec/writer.ts';
import { decodeRule } from '../../../packages/netns/src/message/rule.ts';
import { decodeAnyRoute } from '../../../packages/netns/src/message/route-decode.ts';
import { decodeEvent } from '../../../packages/netns/src/monitor/decode-event.ts';
import { kernelError } from '../../../packages/netns/src/socket/kernel-error.ts';
import { NetlinkSocket } from '../../../packages/netns/src/socket/netlink-socket.ts';
import { describeMessage } from '../../../packages/netns/src/socket/trace.ts';
import { RTM } from '../../../packages/netns/src/uapi/rtnetlink.ts';
import { ackMessage, datagram, doneMessage, purpose } from '../../../packages/netns/test/support/messages.ts';
import { ScriptedSys } from '../../../packages/netns/test/support/scripted-sys.ts';
import { mutatedBytes } from '../mutations.ts';
import { target } from '../fuzz.ts';
import { expectTyped, isTyped } from '../typed-errors.ts';

const golden = JSON.parse(
  readFileSync(new URL('../../../packages/netns/test/golden/iproute2.json', import.meta.url), 'utf8'),
) as Record<string, { readonly hex: string }>;
const recorded = Object.values(golden).map(({ hex }) => Uint8Array.from(Buffer.from(hex, 'hex')));
const answers = [
  ackMessage({ sequence: 1 }),
  ackMessage({ sequence: 1, errno: 17, text: 'File exists', offset: 20 }),
  ackMessage({ sequence: 1, errno: 22, missing: 3 }),
  doneMessage(1),
  countedElement([]),
  ...buildSetElements('add', { family: 'inet', table: 'routed', set: 'own4' }, [
    new Uint8Array(20),
    new Uint8Array(24),
  ]),
];

/** An element with a counter, as a dump reports it, with fields of these lengths. */
function countedElement([key = 20, byteCount = 8, packetCount = 8]: readonly number[]): Uint8Array {
  const writer = new MessageWriter((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG.NEWSETELEM, 2).u8(1).u8(0).u16(0);
  writer.nest(NFTA_SET_ELEM_LIST_ELEMENTS, () =>
    writer.nest(NFTA_LIST_ELEM, () => {
      writer.nest(NFTA_SET_ELEM_KEY, () => writer.attribute(NFTA_DATA_VALUE, new Uint8Array(key)));
      writer.nest(NFTA_SET_ELEM_EXPR, () => {
        writer.attributeString(NFTA_EXPR_NAME, 'counter');
        writer.nest(NFTA_EXPR_DATA, () => {
          writer.attribute(NFTA_COUNTER_BYTES, new Uint8Array(byteCount));
          writer.attribute(NFTA_COUNTER_PACKETS, new Uint8Array(packetCount));
        });
      });
    }),
  );
  return writer.finish();
}

/** Attributes in attributes, with lengths that fit unless a later change breaks them. */
const attributeTree: fc.Arbitrary<Uint8Array> = fc.letrec<{ value: Uint8Array; nest: Uint8Array }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.uint8Array({ maxLength: 20 }), tie('nest')),
  nest: fc.array(fc.tuple(fc.nat(60), tie('value')), { maxLength: 6 }).map((fields) => {
    const writer = new MessageWriter(0, 0, 4096);
    for (const [type, value] of fields) writer.attribute(type, value);
    return writer.finish().slice(16);
  }),
})).nest;

const messageType = fc.oneof(fc.constantFrom(...Object.values(RTM), 2, 3), fc.nat(0xffff));
const composed = fc
  .tuple(
    messageType,
    fc.nat(0xffff),
    fc.constantFrom(0, 2, 7, 10, 128),
    fc.uint8Array({ maxLength: 20 }),
    attributeTree,
  )
  .map(([type, flags, family, header, fields]) => {
    const writer = new MessageWriter(type, flags, 8192).u8(family);
    for (const byte of header) writer.u8(byte);
    const bytes = writer.finish();
    return datagram(bytes, fields).subarray();
  });

const bytes = fc.oneof(
  { weight: 4, arbitrary: mutatedBytes([...recorded, ...answers]) },
  { weight: 4, arbitrary: composed },
  { weight: 1, arbitrary: fc.array(fc.nat(24), { maxLength: 3 }).map(countedElement) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
);

const PLACES = [{ family: 'inet', table: 'routed' }] as const;

/** Each for itself: one that refuses must not hide the next. */
const decoders: readonly ((message: NetlinkMessage) => unknown)[] = [
  decodeEvent,
  decodeAnyRoute,
  decodeRule,
  decodeAck,
  (message) => kernelError(decodeAck(message), purpose, Uint8Array.from(recorded[0] ?? [])),
  describeMessage,
  (message) => decodeSetElements(message).map(({ key }) => linkOfKey(key)),
  (message) => identify('rule', message, 'routed'),
  (message) => isDamage(message, PLACES),
  (message) => isForeignChange(message, PLACES, undefined),
];

/** Datagrams of the kernel, through every decoder. */
export const netlinkDatagrams = target({
  name: 'netlink datagrams',
  weight: 12,
  input: bytes,
  feed: (received) => {
    const found: NetlinkMessage[] = [];
    expectTyped(() => {
      for (const message of messages(received)) found.push(message);
    });
    for (const message of found) for (const decode of decoders) expectTyped(() => decode(message));
  },
});

/** What a request gets for an answer: anything, and at last an end, as the kernel always sends one. */
export const netlinkReplies = target({
  name: 'netlink replies',
  weight: 4,
  input: fc.record({ received: fc.array(bytes, { maxLength: 3 }), isDump: fc.boolean() }),
  feed: async ({ received, isDump }) => {
    const sys = new ScriptedSys(({ sequence }) => [
      ...received,
      isDump ? doneMessage(sequence) : ackMessage({ sequence }),
      -105,
    ]);
    const socket = new NetlinkSocket(sys, 40);
    const request = new MessageWriter(RTM.GETROUTE, 0).u8(2).u8(0).u16(0).u32(0).u32(0).finish();
    const asked = isDump ? socket.dump(request, purpose, decodeEvent) : socket.request(request, purpose, decodeEvent);
    await asked.then(
      () => undefined,
      (error: unknown) => {
        if (!isTyped(error)) throw error;
      },
    );
  },
});

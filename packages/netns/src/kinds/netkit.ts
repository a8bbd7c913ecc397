import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import { type Format, asMac, asText, asU32, asWord } from '../attributes/format.ts';
import type { NetkitPeer, NetkitSettings } from '../types/link-kinds.ts';

const IFINFOMSG_LENGTH = 16;
const PEER = attributeSet<NetkitPeer>({ mac: [1, asMac], mtuBytes: [4, asU32], name: [3, asText] });
/** A link message within the attribute: `struct ifinfomsg`, then attributes. */
const asPeer: Format<NetkitPeer> = {
  check: PEER.check,
  encode: (peer) => Buffer.concat([new Uint8Array(IFINFOMSG_LENGTH), PEER.encode(peer)]),
  decode: (bytes) => PEER.decode(bytes.subarray(IFINFOMSG_LENGTH)),
};
const asPolicy = asWord(asU32, { forward: 0, blackhole: 2 });

export const NETKIT: AttributeSet<NetkitSettings> = attributeSet<NetkitSettings>({
  mode: [5, asWord(asU32, { l2: 0, l3: 1 })],
  policy: [3, asPolicy],
  peerPolicy: [4, asPolicy],
  peer: [1, asPeer],
});

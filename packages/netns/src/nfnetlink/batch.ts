import { isLittleEndian, MessageWriter } from '../codec/writer.ts';
import { NLM_F_ACK } from '../uapi/netlink.ts';
import { NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END } from '../uapi/nfnetlink.ts';

const AF_UNSPEC = 0;
const NFNETLINK_V0 = 0;

/**
 * Puts messages between the begin and the end of a batch.
 *
 * The last of them asks for an acknowledgement: kernels before 6.10 do not acknowledge the end itself.
 */
export function batchOf(subsystem: number, messages: readonly Uint8Array[]): Uint8Array[] {
  const last = messages.at(-1);
  if (last === undefined) return [];
  const acknowledged = last.slice();
  const view = new DataView(acknowledged.buffer);
  view.setUint16(6, view.getUint16(6, isLittleEndian) | NLM_F_ACK, isLittleEndian);
  return [
    border(NFNL_MSG_BATCH_BEGIN, subsystem),
    ...messages.slice(0, -1),
    acknowledged,
    border(NFNL_MSG_BATCH_END, subsystem),
  ];
}

/** The resource id, in network byte order, is the subsystem. Source: linux uapi nfnetlink.h `struct nfgenmsg`. */
function border(type: number, subsystem: number): Uint8Array {
  return new MessageWriter(type, 0)
    .u8(AF_UNSPEC)
    .u8(NFNETLINK_V0)
    .u8(subsystem >> 8)
    .u8(subsystem & 0xff)
    .finish();
}

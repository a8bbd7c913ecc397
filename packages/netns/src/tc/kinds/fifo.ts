import { optional, whole } from '../../check/check.ts';
import { u32 } from '../../codec/reader.ts';
import type { Codec } from '../codec.ts';
import { words } from '../packed.ts';
import type { BfifoSettings, PfifoSettings } from '../qdisc-settings.ts';

const limit = optional(whole(0, 0xffff_ffff));
const NONE = new Uint8Array(0);

/** `struct tc_fifo_qopt`, which may be absent. Source: linux uapi pkt_sched.h. */
export const PFIFO: Codec<PfifoSettings> = {
  fields: { limitPackets: limit },
  encode: ({ limitPackets }) => (limitPackets === undefined ? NONE : words(limitPackets)),
  decode: (payload) => ({ limitPackets: u32(payload) }),
};

export const BFIFO: Codec<BfifoSettings> = {
  fields: { limitBytes: limit },
  encode: ({ limitBytes }) => (limitBytes === undefined ? NONE : words(limitBytes)),
  decode: (payload) => ({ limitBytes: u32(payload) }),
};

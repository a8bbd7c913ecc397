import { type AttributeSet, attributeSet } from '../../attributes/attribute-set.ts';
import { type Bits, asBits, asBytes, asText, asU16, asU32 } from '../../attributes/format.ts';
import { type Complaint, flag, optional, text, whole } from '../../check/check.ts';
import { unknownNumber } from '../../message/unknown.ts';
import type { Decoded } from '../../types/common.ts';
import type { Codec, Codecs } from '../codec.ts';
import { asHandle } from '../handle.ts';
import type { BpfReport, BpfSettings, FilterEffect, FilterKinds } from '../types.ts';
import { asActions } from './actions.ts';
import { FLOWER } from './flower.ts';
import { type InSoftware, asSoftwareOnly, withoutFlags } from './hardware.ts';
import { U32 } from './u32.ts';

/** Source: linux uapi pkt_cls.h `TCA_MATCHALL_*`; the count of matches (4) is that of the actions. */
const MATCHALL_SET: AttributeSet<FilterEffect & InSoftware> = attributeSet<FilterEffect & InSoftware>(
  { classId: [1, asHandle], actions: [2, asActions], softwareOnly: [3, asSoftwareOnly] },
  { readElsewhere: new Set([4, 5]) },
);
const EFFECT = { classId: MATCHALL_SET.fields.classId, actions: MATCHALL_SET.fields.actions };

const MATCHALL: Codec<FilterEffect> = {
  fields: EFFECT,
  encode: ({ classId, actions }) =>
    MATCHALL_SET.encode({ ...(classId !== undefined && { classId }), ...(actions !== undefined && { actions }) }),
  decode: (bytes) => withoutFlags(MATCHALL_SET.decode(bytes)),
};

interface BpfAttributes extends FilterEffect, InSoftware, BpfReport {
  readonly fd?: number;
  readonly name?: string;
  readonly length?: number;
  readonly bytecode?: Uint8Array;
  readonly behaviour?: Bits<'directAction'>;
}

/** Source: linux uapi pkt_cls.h `TCA_BPF_*`, `TCA_BPF_FLAG_ACT_DIRECT`. */
const BPF_SET: AttributeSet<BpfAttributes> = attributeSet<BpfAttributes>({
  actions: [1, asActions],
  classId: [3, asHandle],
  length: [4, asU16],
  bytecode: [5, asBytes],
  fd: [6, asU32],
  name: [7, asText],
  behaviour: [8, asBits(asU32, { directAction: 1 })],
  softwareOnly: [9, asSoftwareOnly],
  tag: [10, asBytes],
  programId: [11, asU32],
});
/** `struct sock_filter`; the kernel takes 4096 of them. */
const INSTRUCTION_BYTES = 8;
const MOST_INSTRUCTIONS = 4096;

function verifyBpf({ fd, bytecode }: BpfSettings): Complaint | undefined {
  if ((fd === undefined) === (bytecode === undefined)) {
    return { field: 'fd', reason: 'either fd or bytecode is needed' };
  }
  const length = (bytecode?.length ?? INSTRUCTION_BYTES) / INSTRUCTION_BYTES;
  return Number.isInteger(length) && length >= 1 && length <= MOST_INSTRUCTIONS
    ? undefined
    : { field: 'bytecode', reason: `not 1 to ${MOST_INSTRUCTIONS} instructions of ${INSTRUCTION_BYTES} bytes` };
}

function decodeBpf(bytes: Uint8Array): Decoded<BpfSettings & BpfReport> {
  const { length, behaviour, ...rest } = withoutFlags(BPF_SET.decode(bytes));
  const isComplete = length === undefined || length * INSTRUCTION_BYTES === rest.bytecode?.length;
  const unknown = [...(rest.unknown ?? []), ...(isComplete ? [] : [unknownNumber('TCA_BPF_OPS_LEN', length)])];
  return {
    ...rest,
    ...(behaviour?.directAction === true && { directAction: true }),
    ...(unknown.length > 0 && { unknown }),
  };
}

const BPF: Codec<BpfSettings> = {
  fields: {
    ...EFFECT,
    fd: optional(whole(0, 0x7fff_ffff)),
    name: optional(text),
    directAction: optional(flag),
    bytecode: optional(asBytes.check),
  },
  verify: verifyBpf,
  encode: ({ classId, actions, fd, name, directAction, bytecode }) =>
    BPF_SET.encode({
      ...(actions !== undefined && { actions }),
      ...(classId !== undefined && { classId }),
      ...(fd !== undefined && { fd }),
      ...(name !== undefined && { name }),
      ...(bytecode !== undefined && { length: bytecode.length / INSTRUCTION_BYTES, bytecode }),
      ...(directAction === true && { behaviour: { directAction } }),
    }),
  decode: decodeBpf,
};

export const FILTER_KINDS: Codecs<FilterKinds> = { bpf: BPF, flower: FLOWER, matchall: MATCHALL, u32: U32 };

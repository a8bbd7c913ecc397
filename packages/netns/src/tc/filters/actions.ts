import { type AttributeSet, attributeSet } from '../../attributes/attribute-set.ts';
import { type Format, asBytes, asList, asText, asU32, asWhole64, asWord } from '../../attributes/format.ts';
import { type Check, among, object, optional, whole } from '../../check/check.ts';
import { u32 } from '../../codec/reader.ts';
import type { UnknownField } from '../../types/common.ts';
import { joined, words } from '../packed.ts';
import { RATE, RATE_BYTES, RATE_OPTIONS, bytesIn, checkBurst, decodeRate, encodeRate, ticksOf } from '../rate.ts';
import { asStatistics } from '../statistics.ts';
import type { ActionSpec, GactAction, MirredAction, PoliceAction, Statistics, Verdict } from '../types.ts';

/** Source: linux uapi pkt_cls.h `TC_ACT_*`. */
const VERDICT: Readonly<Record<Verdict, number>> = {
  continue: 0xffff_ffff,
  pass: 0,
  reclassify: 1,
  drop: 2,
  pipe: 3,
  stolen: 4,
  trap: 8,
};
const asVerdict: Format<Verdict> = asWord(asU32, VERDICT);

/** What a kind of action is told (`TCA_ACT_OPTIONS`). */
interface ActionCodec<T> {
  readonly check: Check<T>;
  readonly encode: (action: T) => Uint8Array;
  /** Fields of the action; the counts of its users are left out. */
  readonly decode: (bytes: Uint8Array) => Record<string, unknown>;
}

const TIMES_AND_PADDING: ReadonlySet<number> = new Set([1, 4]);
const kindOf = <const Kind extends string>(kind: Kind): Check<Kind> => among<Kind>(kind);

/** The verdict of a `struct`, or what to say of one that has no name. */
function verdictAt(bytes: Uint8Array, offset: number, field: string): Record<string, unknown> {
  const payload = bytes.subarray(offset, offset + 4);
  const verdict = asVerdict.decode(payload);
  return verdict === undefined ? { unknown: [unread(`action ${field}`, payload)] } : { [field]: verdict };
}

/** `struct tc_gact`: index, capabilities, action, references, bindings. Source: linux uapi tc_act/tc_gact.h. */
const GACT_SET = attributeSet<{ readonly parameters?: Uint8Array }>(
  { parameters: [2, asBytes] },
  { readElsewhere: TIMES_AND_PADDING },
);
const GACT: ActionCodec<GactAction> = {
  check: object<GactAction>({ kind: kindOf('gact'), verdict: asVerdict.check }),
  encode: ({ verdict }) => GACT_SET.encode({ parameters: words(0, 0, VERDICT[verdict], 0, 0) }),
  decode: (bytes) => {
    const { parameters, ...rest } = GACT_SET.decode(bytes);
    return parameters === undefined
      ? rest
      : { ...rest, index: u32(parameters), ...verdictAt(parameters, 8, 'verdict') };
  },
};

/** `struct tc_mirred`: as {@link GACT}, then what to do and the link. Source: linux uapi tc_act/tc_mirred.h. */
const MIRRED_SET = attributeSet<{ readonly parameters?: Uint8Array }>(
  { parameters: [2, asBytes] },
  { readElsewhere: new Set([1, 3]) },
);
const WAYS = [undefined, 'egress redirect', 'egress mirror', 'ingress redirect', 'ingress mirror'] as const;
const MIRRED: ActionCodec<MirredAction> = {
  check: object<MirredAction>({
    kind: kindOf('mirred'),
    linkIndex: whole(1, 0x7fff_ffff),
    mode: among('redirect', 'mirror'),
    direction: optional(among('egress', 'ingress')),
    verdict: optional(asVerdict.check),
  }),
  encode: ({ linkIndex, mode, direction = 'egress', verdict = mode === 'redirect' ? 'stolen' : 'pipe' }) => {
    const way = WAYS.indexOf(`${direction} ${mode}`);
    return MIRRED_SET.encode({ parameters: words(0, 0, VERDICT[verdict], 0, 0, way, linkIndex) });
  },
  decode: (bytes) => {
    const { parameters, ...rest } = MIRRED_SET.decode(bytes);
    if (parameters === undefined) return rest;
    const [direction, mode] = WAYS[u32(parameters, 20)]?.split(' ') ?? [];
    const fields = { index: u32(parameters), direction, mode, linkIndex: u32(parameters, 24) };
    return { ...rest, ...fields, ...verdictAt(parameters, 8, 'verdict') };
  },
};

interface PoliceAttributes {
  readonly parameters?: Uint8Array;
  readonly rate64?: number;
  readonly table?: Uint8Array;
  readonly conform?: Verdict;
}

/** `struct tc_police`. Source: linux uapi pkt_cls.h `TCA_POLICE_*`. */
const POLICE_SET = attributeSet<PoliceAttributes>(
  { parameters: [1, asBytes], rate64: [8, asWhole64], table: [2, asBytes], conform: [5, asVerdict] },
  { readElsewhere: new Set([6, 7]) },
);
const [ACTION, BURST, MTU, RATE_SPEC] = [4, 12, 16, 20];
const police = object<PoliceAction>({
  ...RATE_OPTIONS,
  kind: kindOf('police'),
  rateBitsPerSec: RATE,
  burstBytes: whole(1, 0xffff_ffff),
  exceed: asVerdict.check,
  conform: optional(asVerdict.check),
  mtuBytes: optional(whole(1, 0xffff_ffff)),
});
const POLICE: ActionCodec<PoliceAction> = {
  check: (value, field) => {
    const { burstBytes, rateBitsPerSec } = value as PoliceAction;
    return police(value, field) ?? checkBurst(burstBytes, rateBitsPerSec, `${field}.burstBytes`);
  },
  encode: ({ rateBitsPerSec, burstBytes, exceed, conform, mtuBytes = 0, ...options }) => {
    const { spec, table, rate64 } = encodeRate(rateBitsPerSec, options, mtuBytes === 0 ? undefined : mtuBytes);
    const numbers = words(0, VERDICT[exceed], 0, ticksOf(burstBytes, rateBitsPerSec), mtuBytes);
    return POLICE_SET.encode({
      parameters: joined(numbers, spec, new Uint8Array(RATE_BYTES), words(0, 0, 0)),
      table,
      ...(rate64 !== undefined && { rate64 }),
      ...(conform !== undefined && { conform }),
    });
  },
  decode: (bytes) => {
    const { parameters, rate64, ...rest } = POLICE_SET.decode(bytes);
    if (parameters === undefined) return rest;
    const { bits, ...options } = decodeRate(parameters.subarray(RATE_SPEC), rate64) ?? { bits: 0 };
    return {
      ...rest,
      index: u32(parameters),
      ...verdictAt(parameters, ACTION, 'exceed'),
      rateBitsPerSec: bits,
      burstBytes: bits === 0 ? 0 : bytesIn(u32(parameters, BURST), bits),
      mtuBytes: u32(parameters, MTU),
      ...options,
    };
  },
};

const KINDS = { gact: GACT, mirred: MIRRED, police: POLICE } as unknown as Readonly<
  Record<string, ActionCodec<ActionSpec>>
>;

interface ActionAttributes {
  readonly kind?: string;
  readonly options?: Uint8Array;
  readonly statistics?: Statistics;
}

/** Source: linux uapi pkt_cls.h `TCA_ACT_*`; 9 and 10 count what hardware does. */
const ACTION_SET: AttributeSet<ActionAttributes> = attributeSet<ActionAttributes>(
  { kind: [1, asText], options: [2, asBytes], statistics: [4, asStatistics] },
  { readElsewhere: new Set([5, 9, 10]) },
);

function unread(name: string, bytes: Uint8Array): UnknownField {
  return { name, hex: Buffer.from(bytes).toString('hex') };
}

function decodeAction(bytes: Uint8Array): ActionSpec {
  const { kind = '', options, unknown = [], ...rest } = ACTION_SET.decode(bytes);
  const codec = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  const fields = options && codec?.decode(options);
  const more = (fields?.['unknown'] ?? []) as readonly UnknownField[];
  const hidden = options !== undefined && codec === undefined ? [unread(`TCA_ACT_OPTIONS of ${kind}`, options)] : [];
  const all = [...unknown, ...more, ...hidden];
  return { kind, ...rest, ...fields, ...(all.length > 0 && { unknown: all }) } as unknown as ActionSpec;
}

const asAction: Format<ActionSpec> = {
  check: (value, field) => {
    const { kind } = (value ?? {}) as { readonly kind?: unknown };
    const complaint = among(...Object.keys(KINDS))(kind, `${field}.kind`);
    return complaint ?? KINDS[String(kind)]?.check(value, field);
  },
  encode: (action) =>
    ACTION_SET.encode({ kind: action.kind, options: KINDS[action.kind]?.encode(action) ?? new Uint8Array(0) }),
  decode: decodeAction,
};

/** In the order in which they are done. */
export const asActions: Format<readonly ActionSpec[]> = asList(asAction, { firstType: 1 });

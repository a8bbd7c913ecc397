import { type Format, asU32 } from '../../attributes/format.ts';

/** Of a filter that no hardware has taken over. */
export interface InSoftware {
  readonly softwareOnly?: boolean;
}

/** Source: linux uapi pkt_cls.h `TCA_CLS_FLAGS_NOT_IN_HW`. */
const NOT_IN_HARDWARE = 8;

/** Flags that say no more than that; others are unknown. */
export const asSoftwareOnly: Format<boolean> = {
  check: (_value, field) => ({ field, reason: 'read only' }),
  encode: () => undefined,
  decode: (bytes) => (((asU32.decode(bytes) ?? 0) & ~NOT_IN_HARDWARE) === 0 ? true : undefined),
};

/** Nothing is said of what is the rule. */
export function withoutFlags<T extends InSoftware>(filter: T): Omit<T, 'softwareOnly'> {
  const rest = Object.entries(filter).filter(([name]) => name !== 'softwareOnly');
  return Object.fromEntries(rest) as Omit<T, 'softwareOnly'>;
}

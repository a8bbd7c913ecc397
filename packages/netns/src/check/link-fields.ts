import type { LinkSpec } from '../types/link.ts';
import { type Fields, flag, optional, text, whole } from './check.ts';

const u32 = whole(0, 0xffff_ffff);

/** What every link has. */
export const LINK_FIELDS: Fields<LinkSpec> = {
  name: text,
  mtuBytes: optional(u32),
  txQueueLength: optional(u32),
  mac: optional(text),
  alias: optional(text),
  group: optional(u32),
  isUp: optional(flag),
};

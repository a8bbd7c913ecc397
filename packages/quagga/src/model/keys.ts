import { z } from 'zod';
import { integer, secret } from './primitives.ts';

const MOMENT = /^(199[3-9]|20[0-2]\d|203[0-5])-\d\d-\d\d \d\d:\d\d:\d\d$/;

/** `2027-01-31 18:00:00`, on the clock of the router. Texts of moments compare like the moments. */
const moment = z
  .string()
  .regex(MOMENT, 'is a moment such as 2027-01-31 18:00:00, from 1993 to 2035')
  .refine((text) => isRealDate(text), 'is no moment that the calendar has');

function isRealDate(text: string): boolean {
  const at = Date.parse(`${text.replace(' ', 'T')}Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text.replace(' ', 'T'));
}

const lifetime = z
  .strictObject({ from: moment.optional(), until: moment.optional() })
  .refine(({ from, until }) => from !== undefined || until !== undefined, 'needs from or until');

/** A key of a key chain; FRR 10. */
export const chainKey = z.strictObject({
  id: integer(1, 255, 'a key id'),
  key: secret(64),
  accept: lifetime.optional().meta({
    description: 'When the router takes this key from others, in its time zone. Default always.',
  }),
  send: lifetime.optional().meta({
    description: 'When the router sends this key, in its time zone. Of several, it sends the one with the lowest id.',
  }),
});

export type Lifetime = z.infer<typeof lifetime>;
export type ChainKey = z.infer<typeof chainKey>;

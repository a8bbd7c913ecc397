import { z } from 'zod';

/** Tab and line break separate words and lines; nothing else that no printer shows may stand in a configuration. */
const UNPRINTABLE = /[^\P{Cc}\t\n]|[\p{Zl}\p{Zp}]/u;
const LONGEST = 100_000;

/** Done when they are read, and no part of a configuration. */
const COMMANDS = /^\s*(do|end|configure|conf|write|copy|clear|show|debug|terminal|vtysh|find|list|exit-all)\b/m;

const lines = z
  .string()
  .max(LONGEST, `is longer than ${LONGEST} characters`)
  .refine((text) => !UNPRINTABLE.test(text), 'contains a control character; remove it')
  .refine(
    (text) => !COMMANDS.test(text),
    'contains a command, such as show or end; only configuration lines belong here',
  )
  .refine((text) => !text.includes('?'), 'contains "?", which the daemons take for a request for help');

/** Lines as the daemon shows them in `show running-config`, nested by their indentation. */
export const raw = z
  .strictObject({
    zebra: lines.optional(),
    staticd: lines.optional().meta({ description: 'Static routes (FRR).' }),
    ospfd: lines.optional(),
    ospf6d: lines.optional(),
    bgpd: lines.optional(),
    bfdd: lines.optional(),
  })
  .meta({
    description:
      'Lines per daemon that no other field can say, as the daemon shows them. A plan calls their effect unknown.',
  });

export type Raw = z.infer<typeof raw>;

import { recordsOf, type StateDatabase } from './records.ts';

type Fields = Readonly<Record<string, unknown>> & { readonly id: string };

/** One step from a layout of the records to the next. */
interface Migration {
  /** The layout that it starts from. */
  readonly from: number;
  /** What the records of one kind get, by the name of the kind; fields that a record has stay. */
  readonly added: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const MIGRATIONS: readonly Migration[] = [
  // Several addresses for an endpoint, and prefixes that they may come from; containers send what they like, as before.
  {
    from: 1,
    added: { endpoints: { additional: [], spoof: 'allow' }, networks: { prefixes: [], spoof: 'allow' } },
  },
];

/**
 * Brings records of an older layout to the newest one, in one write together with `version`: all of it happens, or
 * nothing, and it outlives a power failure.
 */
export async function migrate(
  database: StateDatabase,
  schema: number,
  version: { readonly key: string; readonly value: number },
): Promise<void> {
  const batch = database.batch().put(version.key, version.value);
  const steps = MIGRATIONS.filter(({ from }) => from >= schema);
  for (const kind of new Set(steps.flatMap(({ added }) => Object.keys(added)))) {
    const records = recordsOf<Fields>(database, kind);
    for await (const [key, record] of records.iterator()) {
      const fields = steps.reduce<Fields>((known, { added }) => ({ ...added[kind], ...known }), record);
      batch.put(key, fields, { sublevel: records });
    }
  }
  await batch.write({ sync: true });
}

import { isNetlinkError } from '@routed/netns';
import { NFNL_SUBSYS_NFTABLES, type Nfnetlink } from '@routed/netns/nfnetlink';
import {
  buildSet,
  buildSetDelete,
  buildSetsDump,
  buildTable,
  buildTableDelete,
  decodeSet,
  type ListedSet,
  type SetDefinition,
} from '../codec/set-definitions.ts';
import { NetfilterError } from '../netfilter-error.ts';
import { NFPROTO } from '../uapi/nf-tables.ts';
import type { NamedSet, NfTable, SetSpec, SetState, Step, TableReference } from './contract.ts';
import { fieldsOf, KEY_FIELDS, keyShape } from './key-fields.ts';
import { KernelNamedSet } from './named-set.ts';

/** What nft can read back. Source: nftables src/scanner.l, NFT_NAME_MAXLEN apart. */
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,30}$/;
/** Registers of a key have 64 bytes; the number of a concatenation has 6 bits for each field. */
const MAX_FIELDS = 5;
const MAX_KEY_BYTES = 64;
const MAX_ELEMENTS = 0xffff_ffff;
const MAX_TIMEOUT_MS = 365 * 86_400_000;

/**
 * A table of one's own, beside those of others. Sets and their elements go over netlink; rules are text for `nft` ({@link loadRules}).
 *
 * @param deps.nfnetlink of the namespace that the table is in; it is not closed
 * @throws NetfilterError `SET_INVALID` for names that `nft` could not read back
 */
export function createNfTable(deps: { readonly nfnetlink: Nfnetlink }, reference: TableReference): NfTable {
  const { family, table } = reference;
  if (!(family in NFPROTO)) {
    const reason = `"${family}" is no family: expected ${Object.keys(NFPROTO).join(', ')}`;
    throw new NetfilterError({ code: 'SET_INVALID', operation: 'family', reason });
  }
  requireName('table', table);
  return new KernelNfTable(deps.nfnetlink, reference);
}

class KernelNfTable implements NfTable {
  readonly #nfnetlink: Nfnetlink;
  readonly #reference: TableReference;

  constructor(nfnetlink: Nfnetlink, reference: TableReference) {
    this.#nfnetlink = nfnetlink;
    this.#reference = reference;
  }

  async ensure(): Promise<void> {
    await this.#send('table.ensure', [buildTable(this.#reference)]);
  }

  delete(): Promise<boolean> {
    return falseWhenAbsent(this.#send('table.delete', [buildTableDelete(this.#reference)]));
  }

  async ensureSet(spec: SetSpec): Promise<NamedSet> {
    const definition = definitionOf(spec);
    const set = { ...this.#reference, set: spec.name };
    const present = (await this.#sets()).find(({ name }) => name === spec.name);
    if (present === undefined) {
      await this.#send('set.ensure', [buildTable(this.#reference), buildSet(set, definition, 1)], spec.name);
    } else {
      requireSame(present, definition);
    }
    return new KernelNamedSet(this.#nfnetlink, set, spec);
  }

  deleteSet(name: string): Promise<boolean> {
    return falseWhenAbsent(this.#send('set.delete', [buildSetDelete({ ...this.#reference, set: name })], name));
  }

  async sets(): Promise<SetState[]> {
    return (await this.#sets())
      .filter(({ isOther }) => !isOther)
      .map(({ name, keyType, hasTimeouts, hasCounters, timeoutMs, maxElements }) => {
        const fields = fieldsOf(keyType);
        return {
          name,
          hasTimeouts,
          hasCounters,
          ...(fields !== undefined && { fields }),
          ...(timeoutMs !== undefined && { timeoutMs }),
          ...(maxElements !== undefined && { maxElements }),
        };
      });
  }

  async transaction(steps: readonly Step[]): Promise<void> {
    await this.#send(
      'table.transaction',
      steps.flatMap(({ messages }) => messages),
    );
  }

  async #sets(): Promise<ListedSet[]> {
    const purpose = { operation: 'set.list', subject: this.#reference.table };
    try {
      const sets = await this.#nfnetlink.dump(buildSetsDump(this.#reference), purpose, decodeSet);
      return sets.filter(({ table }) => table === this.#reference.table);
    } catch (error) {
      if (isNetlinkError(error, 'ENOENT')) return [];
      throw error;
    }
  }

  async #send(operation: string, messages: readonly Uint8Array[], subject = this.#reference.table): Promise<void> {
    await this.#nfnetlink.transaction(NFNL_SUBSYS_NFTABLES, messages, { operation, subject });
  }
}

async function falseWhenAbsent(request: Promise<void>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (isNetlinkError(error, 'ENOENT')) return false;
    throw error;
  }
}

function requireName(what: string, name: string): void {
  if (NAME.test(name)) return;
  const reason = `"${name}" is not 1 to 31 letters, digits, "_", "-" or "." with a letter or "_" first`;
  throw new NetfilterError({ code: 'SET_INVALID', operation: `name of a ${what}`, reason });
}

function definitionOf(spec: SetSpec): SetDefinition {
  const { name, fields, hasTimeouts = false, timeoutMs, hasCounters = false, maxElements } = spec;
  requireName('set', name);
  const refuse = (reason: string): never => {
    throw new NetfilterError({ code: 'SET_INVALID', operation: `set ${name}`, reason });
  };
  const strange = fields.find((field) => !KEY_FIELDS.includes(field));
  if (strange !== undefined) refuse(`fields: "${strange}" is none of ${KEY_FIELDS.join(', ')}`);
  if (fields.length < 1 || fields.length > MAX_FIELDS) refuse(`fields: ${fields.length}, expected 1 to ${MAX_FIELDS}`);
  const shape = keyShape(fields);
  if (shape.keyBytes > MAX_KEY_BYTES) refuse(`fields: ${shape.keyBytes} bytes together, ${MAX_KEY_BYTES} fit`);
  const requireWhole = (field: string, value: number | undefined, highest: number): void => {
    if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= highest)) return;
    refuse(`${field}: ${value} is not a whole number from 1 to ${highest}`);
  };
  requireWhole('timeoutMs', timeoutMs, MAX_TIMEOUT_MS);
  requireWhole('maxElements', maxElements, MAX_ELEMENTS);
  return {
    ...shape,
    hasTimeouts: hasTimeouts || timeoutMs !== undefined,
    hasCounters,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(maxElements !== undefined && { maxElements }),
  };
}

/** A set cannot be changed into another, and a rule may look into it. */
function requireSame(present: ListedSet, wanted: SetDefinition): void {
  const describe = ({ keyType, hasTimeouts, hasCounters, timeoutMs, maxElements }: SetDefinition): string =>
    [
      (fieldsOf(keyType) ?? [`keys of type ${keyType}`]).join('.'),
      ...(hasTimeouts ? [timeoutMs === undefined ? 'time-outs' : `time-outs of ${timeoutMs} ms`] : []),
      ...(hasCounters ? ['counters'] : []),
      ...(maxElements === undefined ? [] : [`at most ${maxElements} elements`]),
    ].join(', ');
  if (!present.isOther && describe(present) === describe(wanted)) return;
  const found = present.isOther ? 'a map' : describe(present);
  const reason = `it exists as ${found}, wanted is ${describe(wanted)}: delete it first`;
  throw new NetfilterError({ code: 'SET_INVALID', operation: `set ${present.name}`, reason });
}

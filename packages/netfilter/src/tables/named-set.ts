import { NFNL_SUBSYS_NFTABLES, type Nfnetlink } from '@routed/netns/nfnetlink';
import {
  buildSetDump,
  buildSetElements,
  buildSetFlush,
  buildSetRemoval,
  buildSetRenewal,
  decodeSetElements,
  type SetReference,
  type TimedKey,
} from '../codec/set-elements.ts';
import { NetfilterError } from '../netfilter-error.ts';
import type { NamedSet, NewElement, SetMember, SetSpec, Step } from './contract.ts';
import { decodeKey, encodeKey, type Key, type KeyField } from './key-fields.ts';

const MAX_TIMEOUT_MS = 365 * 86_400_000;

/** {@link NamedSet} in the kernel. */
export class KernelNamedSet implements NamedSet {
  readonly name: string;
  readonly fields: readonly KeyField[];
  readonly steps: NamedSet['steps'];
  readonly #nfnetlink: Nfnetlink;
  readonly #set: SetReference;
  readonly #hasTimeouts: boolean;

  constructor(nfnetlink: Nfnetlink, set: SetReference, { fields, hasTimeouts = false, timeoutMs }: SetSpec) {
    this.name = set.set;
    this.fields = fields;
    this.#nfnetlink = nfnetlink;
    this.#set = set;
    this.#hasTimeouts = hasTimeouts || timeoutMs !== undefined;
    this.steps = {
      add: (elements) => ({ messages: buildSetRenewal(set, this.#timed(elements)) }),
      delete: (keys) => ({
        messages: buildSetRemoval(
          set,
          keys.map((key) => this.#encoded(key)),
        ),
      }),
      flush: () => ({ messages: [buildSetFlush(set)] }),
    };
  }

  async add(elements: readonly NewElement[]): Promise<void> {
    await this.#change('set.add', this.steps.add(elements));
  }

  async delete(keys: readonly Key[]): Promise<void> {
    await this.#change('set.delete', this.steps.delete(keys));
  }

  async flush(): Promise<void> {
    await this.#change('set.flush', this.steps.flush());
  }

  async replace(elements: readonly NewElement[]): Promise<void> {
    const added = { messages: buildSetElements('add', this.#set, this.#timed(elements)) };
    await this.#change('set.replace', this.steps.flush(), added);
  }

  async list(): Promise<SetMember[]> {
    const purpose = { operation: 'set.list', subject: this.name };
    const rows = await this.#nfnetlink.dump(buildSetDump(this.#set), purpose, decodeSetElements);
    return rows.flat().map(({ key, ...rest }) => ({ key: decodeKey(this.fields, key), ...rest }));
  }

  async #change(operation: string, ...steps: readonly Step[]): Promise<void> {
    const messages = steps.flatMap((step) => step.messages);
    await this.#nfnetlink.transaction(NFNL_SUBSYS_NFTABLES, messages, { operation, subject: this.name });
  }

  /** The kernel refuses an element that occurs twice and is deleted between: the last one counts. */
  #timed(elements: readonly NewElement[]): (Uint8Array | TimedKey)[] {
    const byKey = new Map<string, Uint8Array | TimedKey>();
    for (const { key, timeoutMs } of elements) {
      const bytes = this.#encoded(key);
      const element = timeoutMs === undefined ? bytes : { key: bytes, timeoutMs: this.#checked(timeoutMs) };
      byKey.set(Buffer.from(bytes).toString('latin1'), element);
    }
    return [...byKey.values()];
  }

  #encoded(key: Key): Uint8Array {
    const bytes = encodeKey(this.fields, key);
    if (bytes instanceof Uint8Array) return bytes;
    throw this.#invalid(`key ${JSON.stringify(key)}: ${bytes.reason}`);
  }

  #checked(timeoutMs: number): number {
    if (!this.#hasTimeouts) throw this.#invalid('timeoutMs: the set has no time-outs: create it with hasTimeouts');
    if (Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs;
    throw this.#invalid(`timeoutMs: ${timeoutMs} is not a whole number from 1 to ${MAX_TIMEOUT_MS}`);
  }

  #invalid(reason: string): NetfilterError {
    return new NetfilterError({ code: 'SET_INVALID', operation: `set ${this.name}`, reason });
  }
}

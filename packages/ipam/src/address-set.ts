import { createRequire } from 'node:module';
import type SortedBtree from 'sorted-btree';

// CommonJS with its class under `exports.default`: an import statement finds it under different names in Node and in
// loaders that compile to CommonJS (tsx under mocha); require finds it under the same name everywhere.
const { default: BTree } = createRequire(import.meta.url)('sorted-btree') as typeof SortedBtree;

/**
 * A set of addresses kept as its runs of neighbours, first address to last, in a B+ tree.
 *
 * Every operation takes O(log runs). Addresses given out in sequence make one run however many they are, and what
 * follows a run is free, so finding a free address costs the same in an empty, a nearly full and a full pool.
 */
export class AddressSet {
  readonly #runs = new BTree<bigint, bigint>(undefined, (a, b) => (a < b ? -1 : a > b ? 1 : 0));

  has(address: bigint): boolean {
    const run = this.#runs.getPairOrNextLower(address);
    return run !== undefined && address <= run[1];
  }

  /** Adds an address that is not in the set. */
  add(address: bigint): void {
    const below = this.#runs.getPairOrNextLower(address);
    const first = below?.[1] === address - 1n ? below[0] : address;
    const lastOfNext = this.#runs.get(address + 1n);
    if (lastOfNext !== undefined) this.#runs.delete(address + 1n);
    this.#runs.set(first, lastOfNext ?? address);
  }

  /** Removes an address that is in the set. */
  delete(address: bigint): void {
    const run = this.#runs.getPairOrNextLower(address);
    if (run === undefined || run[1] < address) return;
    const [first, last] = run;
    if (first === address) this.#runs.delete(first);
    else this.#runs.set(first, address - 1n);
    if (address < last) this.#runs.set(address + 1n, last);
  }

  /** The lowest address from `address` upwards that is not in the set. */
  nextFree(address: bigint): bigint {
    const run = this.#runs.getPairOrNextLower(address);
    return run !== undefined && address <= run[1] ? run[1] + 1n : address;
  }
}

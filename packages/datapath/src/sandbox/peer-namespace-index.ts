/** Which links of the host have their other end in which namespace, by the number that the kernel gave it. */
export class PeerNamespaceIndex {
  readonly #namespaceOf = new Map<number, number>();
  readonly #linksIn = new Map<number, Set<number>>();

  /** Notes where the other end of a link is; false: that was known. */
  note(linkIndex: number, netnsId: number): boolean {
    if (this.#namespaceOf.get(linkIndex) === netnsId) return false;
    this.forget(linkIndex);
    this.#namespaceOf.set(linkIndex, netnsId);
    const links = this.#linksIn.get(netnsId);
    if (links === undefined) this.#linksIn.set(netnsId, new Set([linkIndex]));
    else links.add(linkIndex);
    return true;
  }

  /** Notes that a link is gone. */
  forget(linkIndex: number): void {
    const netnsId = this.#namespaceOf.get(linkIndex);
    if (netnsId === undefined) return;
    this.#namespaceOf.delete(linkIndex);
    const links = this.#linksIn.get(netnsId);
    links?.delete(linkIndex);
    if (links?.size === 0) this.#linksIn.delete(netnsId);
  }

  /** The links, this one among them, whose other ends are in the same namespace as that of this one. */
  siblingsOf(linkIndex: number): ReadonlySet<number> {
    const netnsId = this.#namespaceOf.get(linkIndex);
    return (netnsId === undefined ? undefined : this.#linksIn.get(netnsId)) ?? new Set();
  }
}

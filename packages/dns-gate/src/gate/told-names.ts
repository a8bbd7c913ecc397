/** Of one client; the addresses that were told longest ago are dropped. */
const MOST_PER_CLIENT = 1_024;

/** What clients were told that addresses are: for people, as nothing depends on it. */
export class ToldNames {
  readonly #byClient = new Map<string, Map<string, string>>();

  /** @param name - what the client asked for */
  note(client: string, address: string, name: string): void {
    const names = this.#byClient.get(client) ?? new Map<string, string>();
    this.#byClient.set(client, names);
    names.delete(address);
    names.set(address, name);
    const [oldest] = names.keys();
    if (names.size > MOST_PER_CLIENT && oldest !== undefined) names.delete(oldest);
  }

  of(client: string, address: string): string | undefined {
    return this.#byClient.get(client)?.get(address);
  }

  forget(client: string): void {
    this.#byClient.delete(client);
  }
}

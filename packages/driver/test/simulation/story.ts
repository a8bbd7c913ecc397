import { virtualNowMs } from './virtual-time.ts';

/** What happened in a simulation, for people: one line for each event, with its virtual time. */
export class Story {
  readonly #lines: string[] = [];

  tell(who: string, what: string): void {
    const seconds = (virtualNowMs() / 1_000).toFixed(3).padStart(9);
    this.#lines.push(`${seconds} ${who.padEnd(3)} ${what}`);
  }

  /** The last of them. */
  text(count = 60): string {
    const skipped = this.#lines.length - count;
    return [...(skipped > 0 ? [`… ${skipped} lines before`] : []), ...this.#lines.slice(-count)].join('\n');
  }
}

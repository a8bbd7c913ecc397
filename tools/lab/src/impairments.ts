import { runCommand } from './command.ts';

/**
 * What happens to frames between the ports of the segment. Links stay up and hosts see no carrier change: only
 * silence.
 *
 * The kernel need not have netem: nftables drops frames in the bridge.
 */
export class Impairments {
  readonly #segmentPid: number;
  readonly #lossPercent = new Map<string, number>();
  #applied: Promise<unknown> = Promise.resolve();

  constructor(segmentPid: number) {
    this.#segmentPid = segmentPid;
  }

  /** Loses this share of the frames of a port, in each direction. 0 removes the impairment, 100 cuts the link. */
  async setLoss(port: string, percent: number): Promise<void> {
    if (!Number.isInteger(percent) || percent < 0 || percent > 100)
      throw new RangeError(`a loss of ${percent} percent`);
    if (percent === 0) this.#lossPercent.delete(port);
    else this.#lossPercent.set(port, percent);
    // One after the other: of two at once, the older ruleset could be the last to arrive.
    const apply = (): Promise<unknown> => this.#apply();
    this.#applied = this.#applied.then(apply, apply);
    await this.#applied;
  }

  async #apply(): Promise<void> {
    const enter = ['nsenter', '--target', String(this.#segmentPid), '--net', '--'];
    await runCommand([...enter, 'nft', '-f', '-'], { input: this.#ruleset() });
  }

  /** Replaces all rules at once. */
  #ruleset(): string {
    const rules = [...this.#lossPercent].flatMap(([port, percent]) => {
      const chance = percent === 100 ? '' : `numgen random mod 100 < ${percent} `;
      return [`iifname "${port}" ${chance}drop`, `oifname "${port}" ${chance}drop`];
    });
    return `
add table bridge impairments
delete table bridge impairments
table bridge impairments {
  chain forward {
    type filter hook forward priority 0;
    ${rules.join('\n    ')}
  }
}
`;
  }
}

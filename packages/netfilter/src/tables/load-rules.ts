import type { CommandRunner } from '../command-runner.ts';
import { failureOf, NetfilterError } from '../netfilter-error.ts';

/**
 * Loads rules as `nft -f` does: all of the script in one transaction, or nothing of it.
 *
 * @param run where: `runCommand`, or `runCommandIn` another namespace
 * @param onStart hears the id of the process, for `TableWatch.ignore`
 * @throws NetfilterError `FIREWALL_REFUSED` with what nft says of the script; `NFT_MISSING` without that program
 */
export async function loadRules(run: CommandRunner, script: string, onStart?: (pid: number) => void): Promise<void> {
  const result = await run(['nft', '-f', '-'], script, onStart);
  if (result === undefined) {
    const reason = 'the program "nft" is not installed: install the package nftables';
    throw new NetfilterError({ code: 'NFT_MISSING', operation: 'loading rules', reason });
  }
  if (result.exitCode !== 0) throw failureOf('loading rules', 'nft', result);
}

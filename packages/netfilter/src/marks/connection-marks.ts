import { NetfilterError, failureOf } from '../netfilter-error.ts';
import type { CommandRunner } from '../command-runner.ts';
import type { RulesetWatch } from '../ruleset-watch.ts';
import { type MarkedTraffic, marksScript } from './marks-script.ts';

/**
 * Marks that tell policy routing which of two holders of an address a connection belongs to: a container of this host that is
 * not announced, or another host that announces the address.
 *
 * The marks are two bits of the connection and of each of its packets ({@link CONNECTION_MARKS}); the rest of either mark is
 * left alone. A rule of policy routing for the one bit, one for the other, and one for packets without a mark say the rest.
 */
export interface ConnectionMarks {
  /**
   * Makes sure that exactly this traffic is marked: a change is one transaction. While a {@link RulesetWatch} hears of no change and
   * the traffic stays the same, nothing is run. Otherwise `nft` lists the table, and loads it only where it differs.
   *
   * @throws NetfilterError FIREWALL_REFUSED, FILTER_INVALID for what is no prefix, address or link name; NFT_MISSING
   */
  ensure(traffic: MarkedTraffic): Promise<void>;
  /** Takes the rules away; marks of connections stay. Nothing happens without rules. @throws NetfilterError FIREWALL_REFUSED */
  remove(): Promise<void>;
}

/** Creates {@link ConnectionMarks} in a table of family `inet` of its own. */
export function createConnectionMarks(
  deps: { readonly run: CommandRunner; readonly watch?: RulesetWatch | undefined },
  options: { readonly table: string; readonly linkPrefix: string },
): ConnectionMarks {
  const { run, watch } = deps;
  const { table } = options;
  const deletion = `table inet ${table}\ndelete table inet ${table}\n`;
  /** The script whose rules are in force for certain. */
  let certain: string | undefined;
  /** The script that was loaded last, and how the kernel listed it then. */
  let loaded: { readonly script: string; readonly listing: string | undefined } | undefined;
  let damages = 0;
  let last: Promise<unknown> = Promise.resolve();
  watch?.on('damage', (rules) => {
    if (rules !== 'marks') return;
    damages += 1;
    certain = undefined;
  });

  async function load(script: string): Promise<void> {
    if (script === certain) return;
    const damagesBefore = damages;
    if (loaded?.script !== script || loaded.listing === undefined || (await list()) !== loaded.listing) {
      const result = await loadScript(script);
      if (result === undefined) throw nftMissing();
      if (result.exitCode !== 0) throw failureOf(`connection marks in table ${table}`, 'nft', result);
      loaded = { script, listing: await list() };
    }
    // Where what we load ourselves is heard of as well, a moment later, the next look finds it as it was listed.
    certain = watch?.isDeaf === false && damages === damagesBefore ? script : undefined;
  }

  function loadScript(script: string): ReturnType<CommandRunner> {
    return run(['nft', '-f', '-'], script, (pid) => watch?.ignore(pid));
  }

  /** Undefined without the table. */
  async function list(): Promise<string | undefined> {
    const result = await run(['nft', 'list', 'table', 'inet', table]);
    return result?.exitCode === 0 ? result.stdout : undefined;
  }

  /** One after the other: the last one says what is in force. */
  function inTurn(task: () => Promise<void>): Promise<void> {
    const done = last.then(task);
    last = done.catch(() => undefined);
    return done;
  }

  return {
    ensure: (traffic) => inTurn(() => load(deletion + marksScript(traffic, options))),
    remove: () =>
      inTurn(async () => {
        certain = undefined;
        loaded = undefined;
        const result = await loadScript(deletion);
        if (result !== undefined && result.exitCode !== 0) throw failureOf(`removing table ${table}`, 'nft', result);
      }),
  };
}

function nftMissing(): NetfilterError {
  const reason = 'the program "nft" is not installed on this host: install the package nftables';
  return new NetfilterError({ code: 'NFT_MISSING', operation: 'connection marks', reason });
}

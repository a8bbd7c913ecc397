import { MAXIMUM_METRIC } from '../render/ospf.ts';
import type { ConfigSection } from '../text/parse.ts';
import { parseConfig } from '../text/parse.ts';
import type { RunningConfig } from '../vty/running.ts';
import { runCommand } from './command.ts';

/** Lines that older releases do not know, as the daemons quote them, and what they are for. */
const NEWER: readonly (readonly [RegExp, string])[] = [
  [/Unknown command.* ip ospf authentication key-chain /, 'OSPF authentication by HMAC-SHA-256 needs FRR 10'],
];

/** What the messages of a refusal do not say: the release is too old for a line. */
export async function tooOldFor(messages: readonly string[]): Promise<string[]> {
  const needs = NEWER.filter(([pattern]) => messages.some((message) => pattern.test(message))).map(([, what]) => what);
  if (needs.length === 0) return [];
  const { stdout } = await runCommand('vtysh', ['--help']);
  const version = /version ([^)\s]+)/.exec(stdout)?.[1] ?? 'older';
  return needs.map((what) => `${what}; this is FRR ${version}`);
}

/**
 * What runs once there are links, of what runs without any: FRR 8.4 shows one line only of the areas that there are.
 * Source: FRR ospfd/ospf_vty.c, config_write_stub_router.
 */
export function withLinks(running: RunningConfig, text: string): RunningConfig {
  const ospfd = running.get('ospfd');
  const process = ospfd?.get('router ospf');
  const isHidden = parseConfig(text).get('router ospf')?.lines.includes(MAXIMUM_METRIC) === true;
  if (ospfd === undefined || process === undefined || !isHidden || process.lines.includes(MAXIMUM_METRIC))
    return running;
  const shown: ConfigSection = { ...process, lines: [...process.lines, MAXIMUM_METRIC] };
  return new Map([...running, ['ospfd', new Map([...ospfd, ['router ospf', shown]])]]);
}

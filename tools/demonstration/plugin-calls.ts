import type { LabProcess } from '@routed/lab';

/** Follows the log of a plugin: which calls Docker made since the last look, and what they took. */
export class PluginCalls {
  readonly #plugin: LabProcess;
  #seen = 0;

  constructor(plugin: LabProcess) {
    this.#plugin = plugin;
  }

  /** "Join 1.9 ms, ..." of the calls since the last time. */
  async next(): Promise<string> {
    const log = await this.#plugin.log();
    const lines = log.slice(this.#seen).split('\n');
    this.#seen = log.length;
    return lines.flatMap(describeReply).join(', ');
  }
}

/** What `routed-plugin --debug` writes when it has answered; any other line is of no interest here. */
function describeReply(line: string): string[] {
  if (!line.includes('"msg":"reply"')) return [];
  const { method, ms } = JSON.parse(line) as { method: string; ms: number };
  return [`${method.replace(/^\w+\./, '')} ${ms.toFixed(1)} ms`];
}

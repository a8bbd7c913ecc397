import type { Profiler } from 'node:inspector';

/** Time spent in the functions of one package, without what they call elsewhere. */
export interface Share {
  readonly name: string;
  readonly us: number;
}

/** Self times by package, the largest first; waiting is left out. */
export function summarizeProfile({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Share[] {
  const owners = new Map(nodes.map(({ id, callFrame }) => [id, ownerOf(callFrame.url, callFrame.functionName)]));
  const totals = new Map<string, number>();
  samples.forEach((node, index) => {
    const owner = owners.get(node) ?? 'unknown';
    totals.set(owner, (totals.get(owner) ?? 0) + (timeDeltas[index + 1] ?? 0));
  });
  totals.delete('(idle)');
  return [...totals].map(([name, us]) => ({ name, us })).sort((a, b) => b.us - a.us);
}

function ownerOf(url: string, functionName: string): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native functions';
  if (url.startsWith('node:')) return "Node's own modules";
  const dependency = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  return dependency ?? /\/(?:packages|tools)\/([^/]+)\//.exec(url)?.[1] ?? url;
}

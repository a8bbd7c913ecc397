import type { RouterLines } from '../../../src/show/router-lines.ts';

/** Routing daemons that answer as they are told; one that is asked anything else does not run. */
export function scriptedLines(answers: Readonly<Record<string, unknown>>): RouterLines & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    ask: (daemon, command) => {
      asked.push(`${daemon}: ${command}`);
      return Promise.resolve(answers[command]);
    },
  };
}

import { type Router, connect, openRouter } from './router.ts';

export interface Loss {
  readonly sent: number;
  readonly lost: number;
}

/** What a ping says that it lost. */
export function lossIn(output: string): Loss {
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(output) ?? [];
  if (sent === undefined) throw new Error(`ping said: ${output}`);
  const missing = Number(sent) - Number(received);
  // The last one may still be on its way.
  return { sent: Number(sent), lost: missing <= 1 ? 0 : missing };
}

/** Two routers on one link, 10.0.0.1 and 10.0.0.2 there, and what belongs to them. */
export interface TwoRouters {
  readonly own: Router;
  readonly other: Router;
  /** Closes it with the routers, before them. */
  readonly keep: <T extends AsyncDisposable>(one: T) => T;
}

/** Opens two routers, and prepares them; what was opened is closed if that fails, or by whoever got the result. */
export async function openTwoRouters<T extends object>(
  daemons: readonly string[],
  prepare: (routers: TwoRouters) => Promise<T>,
): Promise<T & AsyncDisposable> {
  const opened: AsyncDisposable[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
  };
  const keep: TwoRouters['keep'] = (one) => (opened.push(one), one);
  try {
    const own = keep(await openRouter({ daemons }));
    const other = keep(await openRouter({ daemons }));
    await connect(own, other, ['10.0.0.1/24', '10.0.0.2/24']);
    return { ...(await prepare({ own, other, keep })), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Asks for JSON below `api/`. @throws Error with what the daemon says */
export async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  const reply = await fetch(`api/${path}`, signal === undefined ? {} : { signal });
  const body = (await reply.json()) as T & { readonly error?: { readonly message: string } };
  if (!reply.ok) throw new Error(body.error?.message ?? `routed-plugin answers ${reply.status}`);
  return body;
}

/** Does it once now, and while it is wanted more often, once in that time: the last wish is never lost. */
export function atMostEvery(ms: number, action: () => void): () => void {
  let isWaiting = false;
  let isWanted = false;
  const run = (): void => {
    isWanted = false;
    isWaiting = true;
    action();
    setTimeout(() => {
      isWaiting = false;
      if (isWanted) run();
    }, ms);
  };
  return () => {
    isWanted = true;
    if (!isWaiting) run();
  };
}

import { excerpt } from '@routed/text';
import type { z } from 'zod';

/** A page of a host with ten thousand endpoints answers in a tenth of that. */
const DEADLINE_MS = 2_000;
/** An overview of a thousand networks. */
const MOST_BYTES = 2 * 1024 * 1024;

/**
 * Asks the page of another host for JSON. It is read as far as the shape says; the rest is ignored.
 *
 * @param url of the page, with a slash at its end
 * @param path below it, without a slash at its beginning
 * @throws Error saying why, for people
 */
export async function askPeer<T>(url: string, path: string, shape: z.ZodType<T>): Promise<T> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const reply = await fetch(new URL(path, url), { signal, redirect: 'error' }).catch((error: unknown) => {
    throw new Error(`it does not answer: ${reasonOf(error)}`);
  });
  if (!reply.ok) {
    await reply.body?.cancel();
    throw new Error(`it answers ${reply.status}: is this the address of a page of routed-plugin?`);
  }
  const text = await bodyOf(reply).catch((error: unknown) => {
    throw new Error(`its answer does not arrive: ${reasonOf(error)}`);
  });
  const parsed = shape.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`it answers something else than a page of routed-plugin: ${excerpt(text)}`);
  return parsed.data;
}

async function bodyOf(reply: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (reply.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`it is longer than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What fetch hides in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `nothing within ${DEADLINE_MS / 1000} s`;
  return error.cause instanceof Error ? error.cause.message : error.message;
}

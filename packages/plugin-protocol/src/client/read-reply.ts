import type { z } from 'zod';
import { METHODS, type MethodName, type ReplyOf } from '../methods.ts';
import { firstProblem, kindOf } from '../schema/issue-text.ts';
import { fieldIgnoringCase, foldKeys } from './fold-keys.ts';
import { PluginCallError } from './plugin-call-error.ts';

const mayBeUnknown: ReadonlySet<MethodName> = new Set([
  'NetworkDriver.ProgramExternalConnectivity',
  'NetworkDriver.RevokeExternalConnectivity',
]);

/**
 * Reads a reply as Docker does: field names in any case, `null` for an empty object, 404 for success where Docker
 * takes it so.
 *
 * @throws {@link PluginCallError} where Docker sees an error
 *
 * Source: moby v20.10.24 pkg/plugins, drivers/remote, ipams/remote; error texts observed with Docker 20.10.24.
 */
export function readReply<M extends MethodName>(method: M, status: number, body: string): ReplyOf<M> {
  if (status === 404 && mayBeUnknown.has(method)) return {} as ReplyOf<M>;
  if (status !== 200) throw new PluginCallError('BAD_STATUS', method, status, `${method}: ${errorText(body)}`);
  const schema: z.ZodType = METHODS[method].reply;
  const reply = foldKeys(schema, parseBody(method, body));
  throwDriverError(method, reply);
  const result = schema.safeParse(reply);
  if (result.success) return result.data as ReplyOf<M>;
  const { path, sentence } = firstProblem(result.error, reply);
  throw invalidReply(method, path === '' ? `reply ${sentence}` : `reply field "${path}" ${sentence}`);
}

/** The `Err` field whatever the role, else the whole body. */
function errorText(body: string): string {
  try {
    const text = fieldIgnoringCase(JSON.parse(body), 'Err');
    return typeof text === 'string' && text !== '' ? text : body;
  } catch {
    return body; // Not JSON: Docker shows it as it is.
  }
}

function parseBody(method: MethodName, body: string): unknown {
  if (body.trim() === '') throw new PluginCallError('INVALID_REPLY', method, 200, 'EOF');
  try {
    return JSON.parse(body) ?? {};
  } catch (cause) {
    throw invalidReply(method, 'reply is not valid JSON', cause);
  }
}

/** IPAM drivers report errors in `Error`, all others in `Err`; each ignores the other's field. */
function throwDriverError(method: MethodName, reply: unknown): void {
  if (method === 'Plugin.Activate') return;
  const field = method.startsWith('IpamDriver.') ? 'Error' : 'Err';
  const text = fieldIgnoringCase(reply, field) ?? '';
  if (typeof text !== 'string')
    throw invalidReply(method, `reply field "${field}" must be a string, got ${kindOf(text)}`);
  const prefix = /^(Network|Ipam)Driver\./.test(method) ? 'remote: ' : '';
  if (text !== '') throw new PluginCallError('DRIVER_ERROR', method, 200, `${prefix}${text}`);
}

function invalidReply(method: MethodName, reason: string, cause?: unknown): PluginCallError {
  return new PluginCallError('INVALID_REPLY', method, 200, `${method}: ${reason}`, cause);
}

import type { z } from 'zod';
import { METHODS, type MethodName, type RequestOf } from './methods.ts';
import { isPlainRequest } from './plain-request.ts';
import { ProtocolError } from './protocol-error.ts';
import { firstProblem, kindOf } from './schema/issue-text.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the body of a call. What Docker may omit is filled in (`{}`, `[]`, `''`, `false`); unknown fields pass
 * through. A key `__proto__`, which zod would leave out without a word, is refused at any depth.
 *
 * Calls without arguments accept an empty body or any object.
 *
 * @throws {@link ProtocolError} for anything else, and nothing but that
 *
 * Source: captured from Docker 20.10.24, including the empty body of a retried call.
 */
export function parseRequest<M extends MethodName>(method: M, body: Uint8Array | string): RequestOf<M> {
  const { request, takesBody } = METHODS[method];
  const schema: z.ZodType = request;
  const value = parseJson(method, body, takesBody ? undefined : {});
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError('NOT_AN_OBJECT', `${method}: request body must be a JSON object, got ${kindOf(value)}`);
  }
  if (mayNameProto(body) && hasProtoKey(value)) {
    throw new ProtocolError('INVALID_FIELD', `${method}: no field and no option can be named "__proto__"`, {
      path: '__proto__',
    });
  }
  if (isPlainRequest(method, value)) return value as RequestOf<M>;
  const result = schema.safeParse(value);
  if (result.success) return result.data as RequestOf<M>;
  const { path, sentence } = firstProblem(result.error, value);
  throw new ProtocolError('INVALID_FIELD', `${method}: field "${path}" ${sentence}`, { path });
}

/** Most bodies need no look at every key. The name may be written with escapes. */
function mayNameProto(body: Uint8Array | string): boolean {
  const text = typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return text.includes('__proto__') || text.includes('\\u');
}

/** Not by recursion: a body may nest as deep as it is long. */
function hasProtoKey(value: object): boolean {
  const left: object[] = [value];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (Object.hasOwn(next, '__proto__')) return true;
    for (const item of Object.values(next) as unknown[]) if (typeof item === 'object' && item !== null) left.push(item);
  }
  return false;
}

function parseJson(method: MethodName, body: Uint8Array | string, ifEmpty: object | undefined): unknown {
  const text = typeof body === 'string' ? body : decode(method, body);
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (text.trim() === '') {
      if (ifEmpty !== undefined) return ifEmpty;
      throw new ProtocolError('EMPTY_BODY', 'empty request body (connection was lost; retry the command)');
    }
    throw new ProtocolError('MALFORMED_JSON', `${method}: request body is not valid JSON`, { cause });
  }
}

function decode(method: MethodName, body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch (cause) {
    throw new ProtocolError('MALFORMED_JSON', `${method}: request body is not valid UTF-8`, { cause });
  }
}

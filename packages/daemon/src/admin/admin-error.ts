import { hasBrand, isOurError } from '../ground/our-errors.ts';
import { errorText } from '@routed/text';
import { isIpamError } from '@routed/ipam';
import { z } from 'zod';

/** What an error becomes on the admin socket. */
export interface AdminErrorReply {
  readonly status: number;
  readonly body: { readonly error: { readonly code: string; readonly message: string } };
}

const STATUS: Readonly<Record<string, number>> = {
  ADDRESS_IN_USE: 409,
  ADDRESS_UNKNOWN: 404,
  CONTAINER_AMBIGUOUS: 409,
  CONTAINER_UNKNOWN: 404,
  DOCKER_UNREACHABLE: 503,
  DOCKER_UNSUPPORTED: 503,
  INVALID_ADDRESS: 400,
  INVALID_OPTION: 400,
  NETWORK_AMBIGUOUS: 409,
  NETWORK_IN_USE: 409,
  NETWORK_UNKNOWN: 404,
};

/** The status and the body for an error: 4xx for what the asker can change, 5xx for what failed here. */
export function replyToAdminError(error: unknown, request: string): AdminErrorReply {
  if (isOurError(error)) {
    return reply(STATUS[error.code] ?? 500, error.code, error.message);
  }
  if (isIpamError(error)) return reply(error.code.startsWith('INVALID_') ? 400 : 409, error.code, error.message);
  if (hasBrand(error, '@routed/netfilter/NetfilterError')) return reply(500, error.code, error.message);
  if (error instanceof z.ZodError) return reply(400, 'INVALID_REQUEST', describe(error));
  if (error instanceof SyntaxError) return reply(400, 'INVALID_REQUEST', `the body is not JSON: ${error.message}`);
  if (isHttpError(error, 404)) return reply(404, 'UNKNOWN_REQUEST', `unknown request ${request}`);
  if (isHttpError(error, 413)) return reply(413, 'INVALID_REQUEST', 'the body is too large');
  if (isHttpError(error, 503)) return reply(503, 'BUSY', (error as Error).message);
  return reply(500, 'FAILED', error instanceof Error ? error.message : String(error));
}

function reply(status: number, code: string, message: string): AdminErrorReply {
  return { status, body: { error: { code, message: errorText(message) } } };
}

function describe({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

function isHttpError(error: unknown, status: number): boolean {
  return error instanceof Error && 'status' in error && error.status === status;
}

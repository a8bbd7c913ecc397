import { z } from 'zod';
import { stringMap, text, wireObject } from './wire.ts';

const base64Text = 'bytes in base64';
/** Go's `[]byte`: base64 on the wire, absent when empty. */
const bytes = z
  .base64(base64Text)
  .nullish()
  .transform((value) => Buffer.from(value ?? '', 'base64'));

const call = {
  User: text,
  /** Such as `TLS`. */
  UserAuthNMethod: text,
  /** Of the call to Docker: `POST`. */
  RequestMethod: text,
  /** `/v1.47/containers/create?name=web` */
  RequestUri: text,
  /** Only of JSON bodies up to 1 MiB. */
  RequestBody: bytes,
  RequestHeaders: stringMap,
  /** Each in PEM, in base64. */
  RequestPeerCertificates: z
    .array(z.string('a string'), 'an array of strings')
    .nullish()
    .transform((value) => value ?? []),
};

/**
 * A call to Docker's API, before Docker acts on it.
 *
 * Source: Docker docs/extend/plugins_authorization; moby v28.5.2 pkg/authorization/api.
 */
export const AuthorizeRequestRequest = wireObject(call);
export type AuthorizeRequestRequest = z.output<typeof AuthorizeRequestRequest>;

/** The same call, and what Docker is about to answer. Source: as {@link AuthorizeRequestRequest}. */
export const AuthorizeResponseRequest = wireObject({
  ...call,
  ResponseStatusCode: z
    .number('a number')
    .nullish()
    .transform((value) => value ?? 0),
  ResponseBody: bytes,
  ResponseHeaders: stringMap,
});
export type AuthorizeResponseRequest = z.output<typeof AuthorizeResponseRequest>;

/** Docker's user reads `Msg` when the call is not allowed. Source: as {@link AuthorizeRequestRequest}. */
export const AuthorizationReply = wireObject({ Allow: z.boolean('a boolean'), Msg: z.string('a string').nullish() });
export type AuthorizationReply = z.input<typeof AuthorizationReply>;

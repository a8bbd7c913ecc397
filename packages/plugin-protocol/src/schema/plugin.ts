import { z } from 'zod';
import { wireObject } from './wire.ts';

/**
 * The body of a call without arguments: Docker sends none at all.
 *
 * Source: Docker docs/extend/plugin_api; captured from Docker 20.10.24 (`Content-Length: 0`).
 */
export const EmptyRequest = wireObject({});
export type EmptyRequest = z.output<typeof EmptyRequest>;

/**
 * The reply of every call that only succeeds or fails.
 *
 * Source: moby v20.10.24 and v28.5.2, remote network driver and remote IPAM API types.
 */
export const EmptyReply = wireObject({});
export type EmptyReply = z.input<typeof EmptyReply>;

/**
 * Names the roles that the plugin plays; Docker then asks for the capabilities of each, in list order.
 * Values other than `NetworkDriver` and `IpamDriver` are ignored here.
 *
 * Source: Docker docs/extend/plugin_api, handshake.
 */
export const ActivateReply = wireObject({ Implements: z.array(z.string('a string'), 'an array of strings') });
export type ActivateReply = z.input<typeof ActivateReply>;

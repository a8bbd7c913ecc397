import { z } from 'zod';
import { identifier, maybeText, stringMap, text, wireObject } from './wire.ts';

/**
 * Creates a volume; one that is there is success.
 *
 * Source: Docker docs/extend/plugins_volume; moby v28.5.2 volume/drivers/proxy.
 */
export const CreateVolumeRequest = wireObject({
  Name: identifier,
  /** `-o key=value` of `docker volume create`. */
  Opts: stringMap,
});
export type CreateVolumeRequest = z.output<typeof CreateVolumeRequest>;

/** Names a volume, to remove it, to find it, or to ask where it is. Source: as {@link CreateVolumeRequest}. */
export const VolumeRequest = wireObject({ Name: identifier });
export type VolumeRequest = z.output<typeof VolumeRequest>;

/** Mounts a volume for a container, or ends that. Source: as {@link CreateVolumeRequest}. */
export const MountVolumeRequest = wireObject({
  Name: identifier,
  /** Tells the mounts of one volume apart: it is unmounted once for each. */
  ID: text,
});
export type MountVolumeRequest = z.output<typeof MountVolumeRequest>;

/** Where the volume is on this host; empty while it is not mounted. Source: as {@link CreateVolumeRequest}. */
export const MountpointReply = wireObject({ Mountpoint: maybeText });
export type MountpointReply = z.input<typeof MountpointReply>;

const volume = wireObject({
  Name: identifier,
  Mountpoint: maybeText,
  CreatedAt: maybeText,
  /** What `docker volume inspect` shows. */
  Status: z.record(z.string(), z.unknown(), 'an object').nullish(),
});

/** One volume; an error if there is none. Source: as {@link CreateVolumeRequest}. */
export const GetVolumeReply = wireObject({ Volume: volume });
export type GetVolumeReply = z.input<typeof GetVolumeReply>;

/** All volumes of the driver. Source: as {@link CreateVolumeRequest}. */
export const ListVolumesReply = wireObject({ Volumes: z.array(volume, 'an array').nullish() });
export type ListVolumesReply = z.input<typeof ListVolumesReply>;

/**
 * `local`: each host has volumes of its own, which is what Docker takes when there is no such call; `global`: all hosts see the same.
 *
 * Source: as {@link CreateVolumeRequest}.
 */
export const VolumeCapabilitiesReply = wireObject({
  Capabilities: wireObject({ Scope: z.literal(['local', 'global'], '"local" or "global"') }),
});
export type VolumeCapabilitiesReply = z.input<typeof VolumeCapabilitiesReply>;

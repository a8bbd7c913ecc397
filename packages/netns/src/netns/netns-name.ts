import { NetnsError } from '../errors.ts';

/** Where `ip netns` keeps its names. Source: iproute2 include/namespace.h `NETNS_RUN_DIR`. */
export const NAMES_DIRECTORY = '/run/netns';
/** Source: linux uapi limits.h `NAME_MAX`. */
const NAME_BYTES = 255;

/** @throws {@link NetnsError} `INVALID_ARGUMENT` for what is no file name */
export function checkNetnsName(name: string): string {
  const isPlain = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
  if (isPlain && Buffer.byteLength(name) <= NAME_BYTES) return name;
  throw new NetnsError(
    'INVALID_ARGUMENT',
    `namespace ${JSON.stringify(name)}`,
    'a name is a file name without slashes',
  );
}

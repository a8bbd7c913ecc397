import { readFile } from 'node:fs/promises';
import { PluginServerError } from './errors.ts';

/** Source: linux uapi, gid_t; the last one means "leave as it is" to chown. */
const LARGEST_GID = 0xffff_fffe;

/**
 * The number of a group that is given by its name, as in /etc/group, or by its number.
 *
 * @throws PluginServerError INVALID_OPTION
 */
export async function groupNumber(group: string, groupFile = '/etc/group'): Promise<number> {
  if (/^\d+$/.test(group)) {
    const gid = Number(group);
    if (gid <= LARGEST_GID) return gid;
    throw unknown(group, `numbers end at ${LARGEST_GID}`);
  }
  const text = await readFile(groupFile, 'utf8').catch((error: unknown) => {
    throw unknown(group, `${(error as Error).message}; give its number`);
  });
  for (const line of text.split('\n')) {
    const [name, , gid] = line.split(':');
    if (name === group && gid !== undefined && /^\d+$/.test(gid)) return Number(gid);
  }
  throw unknown(group, `${groupFile} has no such group; create it, or give a number`);
}

function unknown(group: string, reason: string): PluginServerError {
  return new PluginServerError('INVALID_OPTION', `option --socket-group ${JSON.stringify(group)}: ${reason}`);
}

import { join } from 'node:path';
import { cacheDirectory, ensureBuilt } from './cache.ts';

/** The Debian suite whose Compose client is fetched: the first with driver options for a service's networks. */
const suite = 'sid';

/** The path of a current Docker Compose client, fetched at first use; Debian's releases have older ones. */
export async function prepareCompose(log: (line: string) => void): Promise<string> {
  const program = join(cacheDirectory(), `compose-${suite}`);
  await ensureBuilt(program, ['build-compose.sh', suite, program], log);
  return program;
}

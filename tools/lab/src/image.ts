import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, ensureBuilt } from './cache.ts';

/** Tagged so that other people's test suites run unchanged. */
export const imageName = 'alpine';

const busybox = '/bin/busybox';

/** The root file system of the `alpine` image, as a tar for `docker import`: busybox and its applets. */
export async function imageTarball(log: (line: string) => void): Promise<Buffer> {
  const version = createHash('sha256')
    .update(await readFile(busybox))
    .digest('hex')
    .slice(0, 12);
  const tarball = join(cacheDirectory(), `image-${version}.tar`);
  await ensureBuilt(tarball, ['build-image.sh', busybox, tarball], log);
  return readFile(tarball);
}

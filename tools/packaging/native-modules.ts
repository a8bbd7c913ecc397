import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const repository = join(import.meta.dirname, '../..');

/** Where the native modules of the store and of netlink lie. */
export interface NativeModules {
  readonly classicLevel: string;
  readonly koffi: string;
}

/**
 * The prebuilt binaries for glibc, which every Debian has.
 *
 * @param arch as in `process.arch`; koffi is installed for this machine's alone
 * @throws Error when there is none
 */
export function nativeModules(arch: string = process.arch): NativeModules {
  const netns = createRequire(join(repository, 'packages/netns/package.json'));
  const koffi = createRequire(netns.resolve('koffi')).resolve(`@koromix/koffi-linux-${arch}`);
  return { classicLevel: classicLevelFor(arch), koffi: join(dirname(koffi), `linux_${arch}/koffi.node`) };
}

/** The store's alone. Its name has what the binary needs: `classic-level.armv8.node`. Source: node-gyp-build, tags. */
export function classicLevelFor(arch: string): string {
  const store = createRequire(join(repository, 'packages/store/package.json'));
  const folder = join(dirname(store.resolve('classic-level')), `prebuilds/linux-${arch}`);
  const [file, ...others] = readdirSync(folder).filter((name) => name.endsWith('.node') && !name.includes('.musl.'));
  if (file === undefined || others.length > 0) throw new Error(`${folder} has not one binary for glibc`);
  return join(folder, file);
}

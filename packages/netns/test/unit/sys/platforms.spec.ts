import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { expect } from 'chai';

const LOCK = new URL('../../../../../package-lock.json', import.meta.url);
/** Where koffi finds its binary, for either C library. */
const KOFFI = dirname(createRequire(import.meta.url).resolve('koffi'));
const PREBUILT = join(KOFFI, '..', '@koromix', `koffi-linux-${process.arch}`);

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly optional?: boolean }>>;
}

describe('the binaries of koffi', () => {
  it('are locked for each architecture that README names, in the version of koffi', () => {
    const { packages } = JSON.parse(readFileSync(LOCK, 'utf8')) as Lock;
    const { version } = packages['node_modules/koffi']!;

    for (const architecture of ['x64', 'arm64', 'arm', 'riscv64', 'loong64', 'ia32', 'ppc64']) {
      const locked = packages[`node_modules/@koromix/koffi-linux-${architecture}`];
      expect(locked, architecture).to.deep.include({ version, optional: true });
    }
  });

  for (const [library, needed] of [
    ['linux', 'libc.so.6'],
    ['musl', 'libc.musl-'],
  ] as const) {
    it(`are installed for this architecture and ${library === 'linux' ? 'glibc' : 'musl'}`, () => {
      const path = join(PREBUILT, `${library}_${process.arch}`, 'koffi.node');
      expect(existsSync(path), path).to.equal(true);

      const binary = readFileSync(path);
      expect(binary.subarray(1, 4).toString()).to.equal('ELF');
      expect(binary.includes(needed), needed).to.equal(true);
    });
  }
});

import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runCommand } from '@routed/lab';
import { REPOSITORY } from '../../tools/documentation/markdown.ts';

const notCopied = ['.git', 'node_modules', 'coverage', 'bench-results'];

/** A repository with the files of this one on its branch `main`: for commands that commit and push. */
export class ScratchClone {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** With an origin of its own, and as somebody who may commit. */
  static async make(): Promise<ScratchClone> {
    const scratch = new ScratchClone(await mkdtemp('/tmp/routed-scratch-'));
    const origin = join(scratch.#directory, 'origin.git');
    const filter = (path: string): boolean => !notCopied.includes(basename(path));
    await cp(REPOSITORY, scratch.folder, { recursive: true, filter });
    await symlink(join(REPOSITORY, 'node_modules'), join(scratch.folder, 'node_modules'));
    await runCommand(['git', 'init', '--quiet', '--bare', origin]);
    for (const argv of [
      'init --quiet --initial-branch main',
      'config user.name contributor',
      'config user.email contributor@example.org',
      'add .',
      'commit --quiet --message all',
      `remote add origin ${origin}`,
      'push --quiet --set-upstream origin main',
    ])
      await runCommand(['git', '-C', scratch.folder, ...argv.split(' ')]);
    return scratch;
  }

  get folder(): string {
    return join(this.#directory, 'clone');
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '@routed/lab';
import { REPOSITORY } from '../../tools/documentation/markdown.ts';

/** A clone of what is staged here, with a branch `main` and an origin of its own, for somebody who may commit. */
export class FreshClone {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async make(): Promise<FreshClone> {
    const clone = new FreshClone(await mkdtemp('/tmp/routed-clone-'));
    const origin = join(clone.#directory, 'origin.git');
    await runCommand(['git', '-C', REPOSITORY, 'checkout-index', '--all', `--prefix=${clone.folder}/`]);
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
      await runCommand(['git', '-C', clone.folder, ...argv.split(' ')]);
    return clone;
  }

  get folder(): string {
    return join(this.#directory, 'clone');
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }
}

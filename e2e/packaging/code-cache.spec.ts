import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

const run = promisify(execFile);
const TOOL = join(import.meta.dirname, '../../tools/packaging/code-cache.js');

/** As a bundle: a function that `node` calls with `require`, the URL of the launcher and the folder. */
const PROGRAM = `(function (require, url, folder) {
  const words = ${JSON.stringify(Array.from({ length: 500 }, (_, index) => `word${index}`))};
  const named = Object.fromEntries(words.map((word, index) => [word, () => ({ [word]: index, url, folder })]));
  setTimeout(() => { for (const word of words) named[word](); process.exitCode = 3; }, 1);
})`;

describe('the compiled form of a program', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-cache-'));
  });
  after(() => rm(directory, { recursive: true }));

  async function compile(name: string): Promise<{ readonly program: string; readonly cache: string }> {
    const folder = join(directory, name);
    await mkdir(folder);
    const [program, cache] = [join(folder, 'a-long-name.cjs'), join(folder, 'a-long-name.cache')];
    await writeFile(program, PROGRAM);
    await run(process.execPath, ['--hash-seed=1', TOOL, program, cache, '3', 'word']);
    return { program, cache };
  }

  it('is the same in every build, and is what Node.js takes without flags', async () => {
    const { program, cache } = await compile('one');
    const other = await compile('another');

    expect((await readFile(cache)).equals(await readFile(other.cache))).to.equal(true);
    const read = `const { readFileSync } = require('node:fs'); const [program, cache] = process.argv.slice(1);
      const cachedData = readFileSync(cache);
      console.log(new (require('node:vm').Script)(readFileSync(program, 'latin1'), { cachedData }).cachedDataRejected);`;
    const { stdout } = await run(process.execPath, ['-e', read, program, cache]);
    expect(stdout).to.equal('false\n');
  });
});

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';

describe('text for a terminal', () => {
  it('is written in one place', async () => {
    const folder = join(import.meta.dirname, '../../src/cli');
    const writing: string[] = [];
    for (const file of await readdir(folder)) {
      if (/process\.std(out|err)\.write\(/.test(await readFile(join(folder, file), 'utf8'))) writing.push(file);
    }

    expect(writing).to.deep.equal(['terminal.ts']);
  });
});

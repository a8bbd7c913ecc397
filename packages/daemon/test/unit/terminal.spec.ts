import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';

describe('text for a terminal', () => {
  it('is written in one place', async () => {
    const folder = join(import.meta.dirname, '../../src');
    const writing: string[] = [];
    for (const file of await readdir(folder, { recursive: true })) {
      if (!file.endsWith('.ts')) continue;
      if (/process\.std(out|err)\.write\(/.test(await readFile(join(folder, file), 'utf8'))) writing.push(file);
    }

    // The other is read by a program: one process of a selftest tells it to another.
    expect(writing.sort()).to.deep.equal(['selftest/end.ts', 'terminal/terminal.ts']);
  });
});

import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeDurably } from '../../src/durable-file.ts';
import { messageOf } from './support/message-of.ts';

describe('writeDurably', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-file-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('replaces a file', async () => {
    const path = join(directory, 'file');
    await writeFile(path, 'a longer text than the new one');

    await writeDurably(path, 'new');

    expect(await readFile(path, 'utf8')).to.equal('new');
  });

  it('does not write through a symbolic link', async () => {
    const [path, other] = [join(directory, 'file'), join(directory, 'other')];
    await writeFile(other, 'not to be touched');
    await symlink(other, path);
    await symlink(other, `${path}.new`);

    expect(await messageOf(writeDurably(path, 'new'))).to.contain('ELOOP');

    expect(await readFile(other, 'utf8')).to.equal('not to be touched');
    await rm(`${path}.new`);
    await writeDurably(path, 'new');
    expect([await readFile(path, 'utf8'), await readFile(other, 'utf8')]).to.deep.equal(['new', 'not to be touched']);
  });
});

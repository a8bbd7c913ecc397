import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { groupNumber } from '../../src/socket-group.ts';

describe('groupNumber', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-group-'));
    file = join(directory, 'group');
    await writeFile(file, 'root:x:0:\nnetops:x:998:alice,bob\nnumberless:x\n');
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('finds a group by its name', async () => {
    expect(await groupNumber('netops', file)).to.equal(998);
  });

  it('takes a number as it is', async () => {
    expect(await groupNumber('1234', '/none')).to.equal(1234);
  });

  const wrong: [string, RegExp][] = [
    ['alice', /option --socket-group "alice": .* has no such group; create it, or give a number/],
    ['numberless', /has no such group/],
    ['4294967295', /numbers end at 4294967294/],
  ];
  for (const [group, message] of wrong) {
    it(`refuses ${group}`, async () => {
      expect(String(await groupNumber(group, file).catch((error: unknown) => error))).to.match(message);
    });
  }

  it('says that names cannot be looked up without the file', async () => {
    expect(String(await groupNumber('netops', join(directory, 'none')).catch((error: unknown) => error))).to.match(
      /ENOENT.*give its number/,
    );
  });
});

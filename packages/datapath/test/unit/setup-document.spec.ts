import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { HOST_FILES, statements } from '../../src/host/host-files.ts';
import { HOST_SETTINGS } from '../../src/host/host-settings.ts';

const repository = new URL('../../../../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, repository), 'utf8');

describe('docs/setup.md', () => {
  it('has every kernel setting, as the code has it, and no other', async () => {
    const rows = tableRows(await read('docs/setup.md'), 'setting');

    expect(rows).to.deep.equal(
      HOST_SETTINGS.map(({ key, value, when, why, by }) => [key, value, when, why, by.join(', ')]),
    );
  });

  it('has the files for other programs, as --fix writes them', async () => {
    const text = await read('docs/setup.md');

    for (const { path, text: wanted, then } of Object.values(HOST_FILES)) {
      const place = text.indexOf(`\`${path}\``);
      expect(place, path).to.be.at.least(0);
      const [, block = ''] = /```\w+\n([^]*?)```/.exec(text.slice(place)) ?? [];
      expect(statements(block), path).to.deep.equal(statements(wanted));
      if (then !== 'nothing') expect(text.slice(place, place + 200)).to.contain(`\`${then}\``);
    }
  });
});

/** The cells of the table whose first column has this head, without marks. */
function tableRows(text: string, head: string): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => new RegExp(`^\\| ${head} `).test(line));
  const rows = lines.slice(start + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

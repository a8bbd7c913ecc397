import { expect } from 'chai';
import { readPageFiles } from '../../src/server/page-files.ts';

const MOST_BYTES = 150 * 1024;

describe('the files of the page', () => {
  it('are small', async () => {
    const files = await readPageFiles();

    const bytes = [...files.values()].reduce((sum, { body }) => sum + body.length, 0);

    expect([...files.keys()]).to.include.members(['index.html', 'style.css', 'icon.svg', 'client/main.js']);
    expect(bytes).to.be.below(MOST_BYTES);
  });

  it('import each other, and nothing else', async () => {
    const files = await readPageFiles();

    const imports = [...files].flatMap(([name, { body }]) =>
      name.endsWith('.js') ? Array.from(body.toString().matchAll(/ from ["']([^"']*)["']/g), ([, path]) => path) : [],
    );

    expect(imports).to.not.be.empty;
    for (const path of imports) expect(files.has(`client/${path?.slice(2)}`), path).to.equal(true);
  });
});

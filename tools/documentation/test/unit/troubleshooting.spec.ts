import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { codeSpans, readPage, REPOSITORY, tableRows } from '../../markdown.ts';

const PAGE = 'docs/troubleshooting.md';

/** The texts of a source file: literals that go on in the next line are joined. */
function readTexts(path: string): string {
  return readFileSync(path, 'utf8')
    .replace(/['`]\s*\+\s*['`]/g, '')
    .replaceAll("\\'", "'");
}

function sources(folder: string): string[] {
  return readdirSync(`${REPOSITORY}${folder}`, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && /\/src(\/|$)/.test(entry.parentPath))
    .filter(({ parentPath }) => !/node_modules|\/dist/.test(parentPath))
    .map(({ parentPath, name }) => readTexts(`${parentPath}/${name}`));
}

/** The parts of a message that are always there. */
function fixedParts(message: string): string[] {
  return message
    .split('…')
    .map((part) => part.replace(/^[;:,.()\s]+|[;:,.()\s]+$/g, ''))
    .filter((part) => part.length >= 4);
}

function occursIn(text: string, parts: readonly string[]): boolean {
  let from = 0;
  return parts.every((part) => {
    const at = text.indexOf(part, from);
    from = at + part.length;
    return at >= 0;
  });
}

describe(PAGE, () => {
  const texts = sources('packages');
  const messages = tableRows(PAGE)
    .flatMap(([said = '']) => codeSpans(said))
    .concat(codeSpans(readPage(PAGE)).filter((span) => span.startsWith('routed-plugin has ')));

  it('has messages to look up', () => {
    expect(messages).to.have.length.greaterThan(40);
  });

  for (const message of messages) {
    it(`quotes the sources: ${message}`, () => {
      const parts = fixedParts(message);
      const found = texts.filter((text) => occursIn(text, parts));

      expect(parts.join('').length, 'too little of it is fixed').to.be.at.least(8);
      expect(found, 'no source has it').not.to.be.empty;
    });
  }
});

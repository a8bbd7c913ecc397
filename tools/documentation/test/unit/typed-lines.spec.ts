import { expect } from 'chai';
import { typedLines, type TypedLine } from '../../commands.ts';

const linesOf = (language: string, text: string): TypedLine[] =>
  typedLines({ page: 'page.md', line: 10, language, text });
const typed = { page: 'page.md', comment: '', output: null };

describe('typedLines', () => {
  it('joins what is continued, and tells comments from commands', () => {
    expect(linesOf('sh', '# first\ndocker run \\\n  alpine  # exit code 1\n\necho "#1"')).to.deep.equal([
      { ...typed, line: 11, text: 'docker run   alpine', comment: 'exit code 1' },
      { ...typed, line: 14, text: 'echo "#1"' },
    ]);
  });

  it('takes what stands behind a prompt, with the output below it', () => {
    expect(linesOf('console', '$ echo a b  # both\na\nb\n$ true')).to.deep.equal([
      { ...typed, line: 10, text: 'echo a b', comment: 'both', output: 'a\nb\n' },
      { ...typed, line: 13, text: 'true', output: '' },
    ]);
  });

  it('knows on which host each is typed', () => {
    expect(linesOf('sh', 'true\n# on host-a\nls\n# on both hosts\nid')).to.deep.equal([
      { ...typed, line: 10, text: 'true' },
      { ...typed, line: 12, text: 'ls', on: 'host-a' },
      { ...typed, line: 14, text: 'id', on: 'both hosts' },
    ]);
    expect(linesOf('console', '# on host-b\n$ true')).to.deep.equal([
      { ...typed, line: 11, text: 'true', output: '', on: 'host-b' },
    ]);
  });

  it('finds none in other languages', () => {
    expect(linesOf('yaml', 'a: 1')).to.deep.equal([]);
  });
});

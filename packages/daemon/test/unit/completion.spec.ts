import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { createProgram as createRouterProgram } from '../../../quagga/src/cli/program.ts';
import type { CliEnvironment } from '../../../quagga/src/cli/environment.ts';
import { createProgram } from '../../src/cli/program.ts';
import { placesOf } from '../../src/completion/places.ts';
import { SHELLS } from '../../src/completion/shell-names.ts';
import { completionFor } from '../../src/completion/shells.ts';

const places = placesOf(createProgram('1'), 'serve');
const run = promisify(execFile);

/** Has bash complete lines, each with the cursor at its end, where Docker has two containers and a network. */
async function completed(lines: readonly (readonly string[])[]): Promise<string[][]> {
  const script = [
    `docker() { case $1 in ps) printf 'web\\nworker\\n' ;; network) echo apps ;; esac; }`,
    completionFor('bash', places),
    ...lines.map((words) => {
      const typed = words.map((word) => `'${word}'`).join(' ');
      return `COMP_WORDS=(routed-plugin ${typed}); COMP_CWORD=${words.length}; _routed_plugin; echo "\${COMPREPLY[*]}"`;
    }),
  ].join('\n');
  const { stdout } = await run('bash', ['-c', script]);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
}

describe('completion', () => {
  it('knows every command and option of the command line (bash)', async () => {
    const lines = [
      ['stat'],
      ['address', ''],
      ['address', 'list', '--j'],
      ['address', 'list', 'w'],
      ['ingress', 'set', 'web', '--network', ''],
      ['announce', '--policy', ''],
      ['doctor', '--router', 'n'],
      ['completion', ''],
      ['--log-le'],
      ['network', 'forget', ''],
    ];

    expect(await completed(lines)).to.deep.equal([
      ['status'],
      ['list', 'add', 'remove', '--help'],
      ['--json'],
      ['web', 'worker'],
      ['apps'],
      ['always', 'running', 'healthy', 'manual'],
      ['none'],
      ['--help', 'bash', 'zsh', 'fish'],
      ['--log-level'],
      ['--admin-socket', '--json', '--help', 'apps'],
    ]);
  });

  for (const shell of SHELLS) {
    it(`has each command, and its options, with quotes that end (${shell})`, () => {
      const text = completionFor(shell, places);

      for (const { path, words } of places) {
        expect(text).to.contain(`'${path}'`);
        for (const word of words)
          expect(text, word.text).to.contain(word.text.replace(shell === 'fish' ? /^--/ : /^$/, ''));
      }
      const outside = text.replaceAll(/'[^']*'/g, '').replaceAll(/"[^"]*"/g, '');
      expect(outside.replaceAll("\\'", '')).not.to.contain("'");
    });
  }

  it('completes another program from its own definitions', async () => {
    const environment = { write: () => undefined, complain: () => undefined } as unknown as CliEnvironment;
    const text = completionFor('bash', placesOf(createRouterProgram(environment, () => undefined)), 'quagga-config');
    const typed = [['app'], ['apply', '--allow', ''], ['plan', '--take']].map(
      (words) =>
        `COMP_WORDS=(quagga-config ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _quagga_config; echo "\${COMPREPLY[*]}"`,
    );

    const { stdout } = await run('bash', ['-c', [text, ...typed].join('\n')]);

    expect(stdout.trimEnd().split('\n')).to.deep.equal(['apply', 'hitless flaps restart', '--take-over']);
    expect(text).not.to.contain('routed');
  });

  it('takes a quote in a description for text', () => {
    const place = {
      path: '',
      words: [{ text: 'a', description: "it's: $(x)" }],
      argument: undefined,
      values: new Map(),
    };

    expect(completionFor('fish', [place])).to.contain(`--description 'it'\\''s: $(x)'`);
    expect(completionFor('zsh', [place])).to.contain(`'a:it'\\''s: $(x)'`);
  });
});

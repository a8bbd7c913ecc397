import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const libraryMayNotImport = [
  { group: ['@routed/daemon', '@routed/daemon/*'], message: 'A library never imports the daemon.' },
  {
    group: ['koa', '@koa/*', 'pino', 'commander'],
    message: 'Servers, loggers and command lines belong to the daemon.',
  },
];
const noShell = [
  {
    selector: 'ImportDeclaration[source.value=/child_process$/] > ImportSpecifier[imported.name=/^exec(Sync)?$/]',
    message: 'No shell: execFile or spawn, with arguments one by one.',
  },
  { selector: 'Property[key.name="shell"]', message: 'No shell: arguments one by one.' },
  { selector: 'Literal[value=/^(\\/(usr\\/)?bin\\/)?(ba|da|z|k)?sh$/]', message: 'No shell: call the program itself.' },
];
const noExportAll = { selector: 'ExportAllDeclaration', message: 'List the exports by name.' };
const onlyInCompositionRoot = {
  group: ['tsyringe', 'reflect-metadata'],
  message: 'Dependency injection is wired in packages/daemon/src/composition-root.ts only.',
};

export default tseslint.config(
  { ignores: ['**/dist/**', '**/coverage/**', '**/node_modules/**', 'docs/api/**', 'docs/site/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          './packages/*/tsconfig.json',
          './packages/web/tsconfig.client.json',
          './tools/lab/tsconfig.json',
          './tsconfig.tests.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      'max-depth': ['error', 3],
      'no-restricted-syntax': ['error', noExportAll],
      'no-restricted-imports': ['error', { patterns: [onlyInCompositionRoot] }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['packages/!(daemon)/src/**/*.ts'],
    ignores: ['packages/plugin-server/src/**', 'packages/web/src/server/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [...libraryMayNotImport, onlyInCompositionRoot] }] },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    // A fixed script with its arguments beside it, in namespaces of its own: several programs in a row.
    ignores: ['packages/quagga/src/check/sandbox.ts'],
    rules: { 'no-restricted-syntax': ['error', noExportAll, ...noShell] },
  },
  {
    files: ['packages/quagga/src/cli/**/*.ts', 'packages/quagga/src/main.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [onlyInCompositionRoot] }] },
  },
  {
    files: ['packages/daemon/src/composition-root.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    // mocha's describe blocks are long by nature, and chai's property assertions are expressions.
    files: ['**/test/**/*.ts', 'e2e/**/*.ts', 'tools/benchmark/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-console': 'off',
    },
  },
  { files: ['tools/lab/src/cli.ts', 'tools/lab/src/**/cli*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        __dirname: 'readonly',
        __filename: 'readonly',
      },
    },
  },
  prettier,
);

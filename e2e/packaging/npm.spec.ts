import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommand, type CommandResult } from '@routed/lab';
import { openPluginClient } from '@routed/plugin-protocol';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { exampleFile, installInto, packAll, type Packed } from './support/packed.ts';

const repository = join(import.meta.dirname, '../..');
const names = [
  ...['addresses', 'daemon', 'datapath', 'dns-gate', 'docker-engine', 'doctor', 'driver', 'ipam', 'netfilter', 'netns'],
  ...['plugin-protocol', 'plugin-server', 'quagga', 'store', 'text', 'web'],
].map((name) => `@routed/${name}`);
const libraries = names.filter((name) => name !== '@routed/daemon');
/** What examples leave to their reader. */
const ambient = `
declare const openFixture: Parameters<typeof import('@routed/ipam/testing').leaseStoreConformance>[0];
declare function it(title: string, run: () => Promise<void>): void;
`;

/** What can be imported: `@routed/netns`, `@routed/netns/icmp`. */
function entriesOf(packages: readonly Packed[]): string[] {
  return packages
    .filter(({ name }) => name !== '@routed/daemon')
    .flatMap(({ name, manifest }) => Object.keys(manifest.exports).map((path) => name + path.slice(1)));
}

function importOfEvery(packages: readonly Packed[]): string {
  const entries = entriesOf(packages);
  const lines = entries.map((entry, index) => `import * as entry${index} from '${entry}';`);
  return [
    ...lines,
    `export const entries: object[] = [${entries.map((_, index) => `entry${index}`).join(', ')}];`,
  ].join('\n');
}

describe('the npm packages', function () {
  this.timeout(300_000);
  let directory: string;
  let folder: string;
  let packages: readonly Packed[];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-npm-'));
    folder = join(directory, 'consumer');
    packages = await packAll(directory);
    await installInto(folder, packages);
    await writeFile(join(folder, 'examples/ambient.d.ts'), ambient);
    await writeFile(join(folder, 'examples/entries.ts'), importOfEvery(packages));
  });
  after(() => rm(directory, { recursive: true }));

  function packed(name: string): Packed {
    const found = packages.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`${name} was not packed`);
    return found;
  }

  async function program(name: string, ...argv: readonly string[]): Promise<CommandResult> {
    return await runCommand([join(folder, 'node_modules/.bin', name), ...argv], { check: false });
  }

  it('are all that is published', () => {
    expect(packages.map(({ name }) => name).sort()).to.deep.equal(names);
  });

  for (const name of names) {
    describe(name, () => {
      it('has its licence, README and every file that it names, and no tests', async () => {
        const { files, manifest } = packed(name);
        const targets = Object.values(manifest.exports).flatMap((target) =>
          typeof target === 'string' ? [target] : Object.values(target),
        );
        const named = [...targets, ...Object.values(manifest.bin ?? {})].map((path) => path.replace('./', ''));

        expect(files).to.include.members(['LICENSE', 'README.md', 'package.json', ...named]);
        expect(files.filter((file) => /(^|\/)(test|bench)\/|\.spec\.|tsbuildinfo/.test(file))).to.deep.equal([]);
        const licence = await readFile(join(repository, 'LICENSE'), 'utf8');
        expect(await readFile(join(folder, 'node_modules', name, 'LICENSE'), 'utf8')).to.equal(licence);
      });
    });
  }

  for (const name of libraries) {
    it(`has a README with an example: ${name}`, () => {
      expect(packed(name).examples).to.not.be.empty;
    });
  }

  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const) {
    it(`have examples that compile with moduleResolution ${moduleResolution}`, async () => {
      const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,esnext.disposable'];
      const types = ['--types', 'node', '--typeRoots', join(repository, 'node_modules/@types')];
      const files = packages.flatMap(({ name, examples, excerpts }) =>
        [...examples, ...excerpts].map((_, index) => join(folder, 'examples', exampleFile(name, index))),
      );

      const { stdout, exitCode } = await runCommand(
        [
          join(repository, 'node_modules/.bin/tsc'),
          ...['--ignoreConfig', '--module', module, '--moduleResolution', moduleResolution],
          ...[...options, ...types, ...files],
          ...['ambient.d.ts', 'entries.ts'].map((file) => join(folder, 'examples', file)),
        ],
        { check: false, timeoutMs: 120_000 },
      );

      expect(stdout).to.equal('');
      expect(exitCode).to.equal(0);
    });
  }

  it('have a source for each source map, and types for each entry', async () => {
    for (const { name, files, manifest } of packages) {
      // Of the sources that are there: what an earlier build left is nobody's concern.
      const built = files.filter((file) => /^src\/.*\.ts$/.test(file)).map((file) => file.replace(/^src/, 'dist'));
      const maps = built.map((file) => file.replace(/\.ts$/, '.js.map')).filter((file) => files.includes(file));
      for (const map of maps) {
        const { sources } = JSON.parse(await readFile(join(folder, 'node_modules', name, map), 'utf8')) as {
          readonly sources: readonly string[];
        };
        expect(files, `${name}/${map}`).to.include.members(sources.map((source) => join(dirname(map), source)));
      }
      expect(maps, name).to.not.be.empty;
      for (const target of Object.values(manifest.exports))
        if (typeof target !== 'string') expect(target, name).to.have.all.keys('types', 'default');
    }
  });

  it('compile in a CommonJS file that requires them', async () => {
    const file = join(folder, 'examples/consumer.cts');
    await writeFile(
      file,
      "import netns = require('@routed/netns');\nexport const opened: Promise<netns.Rtnl> = netns.openRtnl();\n",
    );
    const argv = ['--ignoreConfig', '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
    // Without types of Node: what README says does instead of them.
    const { stdout, exitCode } = await runCommand(
      [join(repository, 'node_modules/.bin/tsc'), ...argv, '--lib', 'es2023,esnext.disposable', file],
      { check: false, timeoutMs: 120_000 },
    );

    expect(stdout).to.equal('');
    expect(exitCode).to.equal(0);
  });

  it('have examples that run', async () => {
    const container = spawn('unshare', ['--net', 'sleep', '300'], { stdio: 'ignore' });
    const runs = packages.flatMap(({ name, examples }) =>
      examples.map((code, index) => ({ code, path: join(folder, 'examples', exampleFile(name, index)) })),
    );
    // These go on until they are stopped, or ask a network card or another host: e2e/plugin-example.spec.ts, e2e/docker-engine.spec.ts and others run theirs.
    const isComplete = ({ code }: { readonly code: string }): boolean =>
      !/openFixture|servePlugin|createDockerEngine|attachGate|name: 'eth0'|openEcho| follow\(/.test(code);
    try {
      for (const { code, path } of runs.filter(isComplete)) {
        await writeFile(path, code.replaceAll('4711', String(container.pid)));
        const { exitCode, stderr } = await runCommand(
          ['unshare', '--net', join(repository, 'node_modules/.bin/tsx'), path],
          { check: false },
        );
        expect(exitCode, `${path}: ${stderr}`).to.equal(0);
      }
    } finally {
      container.kill();
    }
  });

  it('run quagga-config from an empty folder', async () => {
    const argv = ['--router-id', '10.112.11.6', '--interface', 'eth1', '--network', '10.112.0.0/12'];

    const { stdout, stderr } = await program('quagga-config', 'render', ...argv);

    expect(stdout, stderr).to.contain('ospf router-id 10.112.11.6');
  });

  it('run routed-plugin from an empty folder', async () => {
    const plugins = join(directory, 'plugins');
    const flags = ['--plugin-dir', plugins, '--state-dir', join(directory, 'state')];
    const bin = join(folder, 'node_modules/.bin/routed-plugin');
    expect((await program('routed-plugin', '--version')).stdout.trim()).to.match(/^\d+\.\d+\.\d+/);
    const plugin = spawn('unshare', ['--net', bin, ...flags], { stdio: 'ignore' });
    try {
      const client = openPluginClient({ socketPath: join(plugins, 'routed.sock') });
      const { Implements } = await eventually(() => client.call('Plugin.Activate'), 20_000);
      expect(Implements).to.deep.equal(['NetworkDriver', 'IpamDriver']);
      client.close();
    } finally {
      plugin.kill();
    }
  });

  it('have a bill of materials', async () => {
    const { stdout } = await runCommand(['npm', 'run', '--silent', 'sbom', '--prefix', repository], {
      timeoutMs: 120_000,
    });

    const { components } = JSON.parse(stdout) as { readonly components: readonly { readonly purl?: string }[] };
    const purls = components.map(({ purl = '' }) => purl.replace(/@[^@]*$/, ''));
    expect(purls).to.include.members(['pkg:npm/koffi', 'pkg:npm/classic-level', 'pkg:npm/zod']);
    expect(purls).to.not.include('pkg:npm/mocha');
  });

  it('have an API reference, with a page for each entry', async () => {
    const out = join(directory, 'api');
    await runCommand(['npm', 'run', 'docs', '--prefix', repository, '--', '--out', out], { timeoutMs: 500_000 });

    const pages = entriesOf(packages).map((entry) => {
      const [, name = '', part] = entry.split('/');
      return `_routed_${name.replaceAll('-', '-')}${part === undefined ? '' : `.${part}`}.html`;
    });
    expect(await readdir(join(out, 'modules'))).to.include.members(pages);
  });
});

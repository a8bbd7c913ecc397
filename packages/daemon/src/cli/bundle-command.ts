import { Command, Option } from 'commander';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { printTable } from '../terminal/table.ts';
import { say, sayJson } from '../terminal/terminal.ts';
import { dockerSocketOption } from './place-options.ts';

interface Flags {
  readonly output?: string;
  readonly adminSocket: string;
  readonly dockerSocket: string;
  readonly routerDir: string;
  readonly json?: boolean;
}

/** `routed-plugin bundle`: what support needs, in one file. */
export function bundleCommand(): Command {
  return new Command('bundle')
    .description(
      'write what support needs to one file, without secrets: versions, doctor, status, events, kernel, router, logs',
    )
    .option('--output <path>', 'the file, a new one (default: routed-bundle-HOST-TIME.tar.gz in the current folder)')
    .addOption(dockerSocketOption('where Docker answers'))
    .addOption(new Option('--router-dir <path>', 'where the routing daemons have their sockets').default('/run/frr'))
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print JSON'))
    .action(write);
}

async function write({ output, json = false, ...places }: Flags): Promise<void> {
  // Loaded when it is needed: the other commands stay quick.
  const [{ writeBundle }, { sourcesOf }] = await Promise.all([
    import('../bundle/bundle.ts'),
    import('../bundle/sources.ts'),
  ]);
  const bundle = await writeBundle(output, sourcesOf(places));
  if (json) {
    sayJson(bundle);
    return;
  }
  const missing = bundle.files.flatMap(({ name, missing: why }) => (why === undefined ? [] : [[name, why]]));
  if (missing.length > 0)
    printTable(
      ['NOT THERE', 'WHY'],
      missing.map(([name = '', why = '']) => [name, firstLine(why)]),
    );
  say(`wrote ${bundle.file}: ${bundle.files.length - missing.length} files, ${Math.ceil(bundle.bytes / 1024)} KiB`);
  say('Passwords, keys and tokens are removed; names and addresses are not. Look at it before you pass it on.');
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

import { Command, Option } from 'commander';
import { dockerSocketOption, pluginDirOption, stateDirOption } from './place-options.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';

/** `routed-plugin doctor`: whether this host is set up right. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'check what keeps containers on this host from being reached; exit status 0 healthy, 1 warnings, 2 broken',
    )
    .option('--fix', 'apply safe fixes, and print every change')
    .addOption(new Option('--undo', 'revert the fixes, except settings changed since').conflicts('fix'))
    .option('--json', 'print JSON')
    .option('-v, --verbose', 'also list what was checked and is well')
    .option('--ignore <checks>', 'leave out these checks, with commas: they count for nothing')
    .addOption(
      new Option('--router <router>', 'none: this host announces nothing, so that it needs no router').choices([
        'auto',
        'none',
      ]),
    )
    .addOption(pluginDirOption('where Docker looks for plugin sockets'))
    .addOption(stateDirOption('where routed-plugin keeps its state, and doctor what it changed'))
    .addOption(adminSocketOption())
    .addOption(dockerSocketOption('where Docker answers'))
    .addOption(
      new Option('--router-dir <path>', 'where the routing daemons have their sockets (default: those of FRR, Quagga)'),
    )
    .action(run);
}

/** Loaded when it is needed: the other commands stay quick. */
async function run(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const { doctor } = await import('./doctor.ts');
  process.exitCode = await doctor(flags);
}

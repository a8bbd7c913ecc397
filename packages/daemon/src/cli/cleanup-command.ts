import { Command } from 'commander';
import { dockerSocketOption, stateDirOption } from './place-options.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';

/** `routed-plugin cleanup`: takes away what stays when routed is given up. */
export function cleanupCommand(): Command {
  return new Command('cleanup')
    .description(
      'remove what routed-plugin made on this host: links, routes, rules, filters, gateways, settings; once it is stopped',
    )
    .option('--dry-run', 'only show what there is')
    .option('--force', 'also remove the links of running containers: these lose the network')
    .option('--state', 'also remove the state directory: networks, leases, operators’ settings')
    .option('--json', 'print JSON')
    .addOption(stateDirOption('where routed-plugin keeps its state'))
    .addOption(adminSocketOption())
    .addOption(dockerSocketOption('where Docker answers'))
    .action(run);
}

/** Loaded when it is needed: the other commands stay quick. */
async function run(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const { cleanUp } = await import('./cleanup.ts');
  await cleanUp(flags);
}

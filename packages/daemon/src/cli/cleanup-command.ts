import { Command, Option } from 'commander';
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
    .addOption(
      new Option('--state-dir <path>', 'where routed-plugin keeps its state')
        .env('ROUTED_STATE_DIR')
        .default('/var/lib/routed'),
    )
    .addOption(adminSocketOption())
    .addOption(
      new Option('--docker-socket <path>', 'where Docker answers')
        .env('ROUTED_DOCKER_SOCKET')
        .default('/var/run/docker.sock'),
    )
    .action(run);
}

/** Loaded when it is needed: the other commands stay quick. */
async function run(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const { cleanUp } = await import('./cleanup.ts');
  await cleanUp(flags);
}

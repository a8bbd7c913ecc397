import { didYouMean } from '@routed/text';
import { Command, Option } from 'commander';
import { dockerSocketOption, pluginDirOption, stateDirOption } from './place-options.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';

/** The options of the daemon, each also as an environment variable. */
const OPTIONS: readonly Option[] = [
  new Option('-g, --gateway <address>', "the containers' IPv4 gateway; none: 169.254.1.1").env('ROUTED_GATEWAY'),
  new Option('-m, --mtu <bytes|auto>', "MTU of container links; auto: the uplink's").env('ROUTED_MTU').default('auto'),
  new Option('--uplinks <names>', 'links that lead off the host, with commas; none: found by themselves').env(
    'ROUTED_UPLINKS',
  ),
  new Option('-d, --debug [on|off]', 'log every request and reply (same as --log-level debug)').env('ROUTED_DEBUG'),
  new Option('-S, --netsock <name|path>', 'name or socket path of the network driver alone')
    .env('ROUTED_NETSOCK')
    .default('net-routed'),
  new Option('-s, --ipamsock <name|path>', 'name or socket path of the IPAM driver alone')
    .env('ROUTED_IPAMSOCK')
    .default('ipam-routed'),
  pluginDirOption('where Docker looks for plugin sockets'),
  stateDirOption('where networks, leases and endpoints are kept'),
  adminSocketOption(),
  new Option('--socket-group <group>', 'group that may use the sockets besides root: as good as root').env(
    'ROUTED_SOCKET_GROUP',
  ),
  dockerSocketOption('where Docker is asked which container has an endpoint'),
  new Option('--metrics-port <port>', 'port on 127.0.0.1 for /metrics, /healthz and /readyz').env(
    'ROUTED_METRICS_PORT',
  ),
  new Option('--metrics-per-address [on|off]', 'a metric for each address: with its container and network').env(
    'ROUTED_METRICS_PER_ADDRESS',
  ),
  new Option('--metrics-router [on|off]', "metrics of this host's routers and their neighbors (FRR)").env(
    'ROUTED_METRICS_ROUTER',
  ),
  new Option('--web <address:port>', 'serve the page there, such as 127.0.0.1:9274').env('ROUTED_WEB'),
  new Option('--web-peers <URLs>', 'pages of other hosts that ours shows, with commas').env('ROUTED_WEB_PEERS'),
  new Option('--log-level <level>', 'debug, info, warn or error').env('ROUTED_LOG_LEVEL').default('info'),
  new Option('--log-format <format>', 'json or pretty')
    .env('ROUTED_LOG_FORMAT')
    .default(process.stdout.isTTY ? 'pretty' : 'json', 'pretty on a terminal, else json'),
];

/** `routed-plugin serve`: the daemon. */
export function serveCommand(): Command {
  const command = new Command('serve').description('serve the plugin sockets until SIGTERM or SIGINT').action(run);
  for (const option of OPTIONS) command.addOption(option);
  return command.addOption(new Option('--check', 'only check options and variables; exit status 0 if all are valid'));
}

/** What to say of each variable of ours that no option has: a mistyped one would be ignored without a word. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = OPTIONS.flatMap(({ envVar }) => envVar ?? []);
  const unknown = Object.keys(env).filter((name) => name.startsWith('ROUTED_') && !known.includes(name));
  return unknown.sort().map((name) => `variable ${name} is not known to routed-plugin${didYouMean(name, known)}`);
}

/** Whoever types `routed-plugin --json status` has typed an option of serve, as commander sees it. */
function refuseArguments(command: Command): void {
  const [word] = command.args;
  if (word === undefined) return;
  const isCommand = command.parent?.commands.some((other) => other.name() === word) ?? false;
  if (isCommand) command.error(`error: options come after the command: routed-plugin ${word} [options]`);
  command.error(`error: too many arguments for 'serve'. Expected 0 arguments but got ${command.args.length}.`);
}

/** The other commands are quick because they do not load the daemon. */
async function run(raw: Readonly<Record<string, unknown>>, command: Command): Promise<void> {
  refuseArguments(command);
  const variableOf = (key: string): string | undefined =>
    command.getOptionValueSource(key) === 'env'
      ? command.options.find((option) => option.attributeName() === key)?.envVar
      : undefined;
  const doubts = unknownVariables(process.env);
  if (raw['check'] === true) {
    const { check } = await import('../serve/check-options.ts');
    await check(raw, { variableOf, doubts });
    return;
  }
  const { serve } = await import('../serve/serve.ts');
  await serve(raw, { variableOf, doubts });
}

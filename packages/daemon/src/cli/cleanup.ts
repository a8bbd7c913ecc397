import {
  fileSavedSysctls,
  Gateways,
  HOST_LINK_PREFIX,
  HostNetworkSetup,
  isAllowedToRoute,
  KernelSettings,
  type Leftover,
  Leftovers,
  type Logger,
  Uplinks,
} from '@routed/datapath';
import { createDockerEngine, type DockerEngine } from '@routed/docker-engine';
import {
  createConnectionMarks,
  createEndpointFilters,
  createForwardAcceptance,
  createForwardPolicies,
  findRules,
  runCommand,
} from '@routed/netfilter';
import { openNetns } from '@routed/netns';
import { openNfnetlink } from '@routed/netns/nfnetlink';
import { currentBootId } from '@routed/store';
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { askDaemon } from '../admin/admin-client.ts';
import { RoutedError } from '../ground/routed-error.ts';
import { FILTER_TABLE, MARK_TABLE } from '../serve/open-kernel.ts';
import { printTable } from '../terminal/table.ts';
import { complain, say, sayJson } from '../terminal/terminal.ts';

const flagsSchema = z.object({
  dryRun: z.boolean().default(false),
  force: z.boolean().default(false),
  state: z.boolean().default(false),
  json: z.boolean().default(false),
  stateDir: z.string(),
  adminSocket: z.string(),
  dockerSocket: z.string(),
});
type Flags = z.infer<typeof flagsSchema>;

const COMPLAINTS: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (_, text) => {
    complain(`routed-plugin: ${text}`);
  },
  error: (_, text) => {
    complain(`routed-plugin: ${text}`);
  },
};

/** So many containers are named in an error. */
const NAMED = 10;

/**
 * Removes what the daemon made, or shows it.
 *
 * @throws RoutedError NOT_PERMITTED, DAEMON_RUNS, CONTAINERS_RUN
 */
export async function cleanUp(raw: Readonly<Record<string, unknown>>): Promise<void> {
  const flags = flagsSchema.parse(raw);
  if (!(await isAllowedToRoute()))
    throw new RoutedError('NOT_PERMITTED', 'cleanup needs the capabilities of root: run it as root');
  if (!flags.dryRun) await refuseWhileServed(flags.adminSocket);
  await using netns = await openNetns('current');
  await using rtnl = await netns.openRtnl();
  await using nfnetlink = await openNfnetlink();
  const run = runCommand;
  const uplinks = new Uplinks({ rtnl }, undefined);
  const policies = createForwardPolicies({ run });
  const ledger = fileSavedSysctls(flags.stateDir, await currentBootId());
  const settings = new KernelSettings({ netns, policies, ledger, logger: COMPLAINTS });
  const named = { linkPrefix: HOST_LINK_PREFIX };
  const acceptance = createForwardAcceptance({ run, uplinks: () => Promise.resolve([]) }, named);
  const filters = createEndpointFilters({ nfnetlink, run }, { table: FILTER_TABLE, ...named });
  const engine = createDockerEngine({ socketPath: flags.dockerSocket });
  const leftovers = new Leftovers({
    rtnl,
    settings,
    marks: createConnectionMarks({ run }, { table: MARK_TABLE, ...named }),
    firewall: () => findRules(run, { tables: [FILTER_TABLE, MARK_TABLE] }),
    setup: new HostNetworkSetup({
      settings,
      policies,
      isEngineUp: () => engine.isUp(),
      rtnl,
      uplinks,
      acceptance,
      filters,
      logger: COMPLAINTS,
    }),
    gateways: new Gateways({ rtnl, logger: COMPLAINTS }),
  });

  const before = await leftovers.list();
  const users = await usersOf(before, engine);
  if (flags.dryRun) {
    report({ found: before, stays: before, users }, flags);
    return;
  }
  if (users.length > 0 && !flags.force) throw inUse(users);
  await leftovers.remove();
  if (flags.state) await rm(flags.stateDir, { recursive: true, force: true });
  report({ found: before, stays: await leftovers.list(), users }, flags);
}

/** A daemon would make everything again. @throws RoutedError DAEMON_RUNS */
async function refuseWhileServed(adminSocket: string): Promise<void> {
  try {
    await askDaemon(adminSocket, { method: 'GET', path: '/v1/status' });
  } catch (error) {
    if (error instanceof RoutedError && error.code === 'DAEMON_UNREACHABLE') return;
    throw error;
  }
  throw new RoutedError(
    'DAEMON_RUNS',
    `routed-plugin answers at ${adminSocket} and would make it all again: stop it first ` +
      '("systemctl stop routed.service routed.socket routed-network.socket routed-ipam.socket routed-admin.socket")',
  );
}

/** The containers whose links these are: by name if Docker answers, else by the start of their endpoint's id. */
async function usersOf(found: readonly Leftover[], { containers }: DockerEngine): Promise<readonly string[]> {
  const used = found.flatMap(({ usedBy, text }) => (usedBy === undefined ? [] : [usedBy.endpointId ?? text]));
  if (used.length === 0) return [];
  const listed = await containers.list().catch(() => []);
  const names = new Map(listed.flatMap(({ name, networks }) => networks.map(({ endpointId }) => [endpointId, name])));
  return [...new Set(used.map((id) => names.get(id) ?? `with endpoint ${id.slice(0, 12)}`))].sort();
}

function inUse(users: readonly string[]): RoutedError {
  const some = users.length > NAMED ? [...users.slice(0, NAMED), `${users.length - NAMED} more`] : users;
  return new RoutedError(
    'CONTAINERS_RUN',
    `containers still use their links (${some.join(', ')}): stop them, or cut them off with --force`,
  );
}

interface Outcome {
  readonly found: readonly Leftover[];
  readonly stays: readonly Leftover[];
  readonly users: readonly string[];
}

function report({ found, stays, users }: Outcome, { dryRun, json }: Flags): void {
  if (json) {
    sayJson({ isDryRun: dryRun, found, stays, containers: users });
    return;
  }
  const isGone = ({ kind, text }: Leftover): boolean => !stays.some((one) => one.kind === kind && one.text === text);
  if (found.length > 0) {
    const rows = found.map((one) => [one.kind, one.text, ...(dryRun ? [] : [isGone(one) ? 'removed' : 'stays'])]);
    printTable(['KIND', 'WHAT', ...(dryRun ? [] : [''])], rows);
  }
  if (found.length === 0) say('there is nothing of routed-plugin on this host');
  else if (dryRun) say(`${found.length} would be removed; nothing was changed`);
  if (dryRun && users.length > 0) say(`containers still use their links: ${users.join(', ')}`);
  if (!dryRun && stays.some(({ kind }) => kind === 'setting')) {
    say('Settings stay that other links on this host need, such as bridges of Docker.');
  }
}

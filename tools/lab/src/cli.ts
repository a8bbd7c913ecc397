import { spawnSync } from 'node:child_process';
import { Argument, Command, Option } from 'commander';
import { removeDeadLabs, removeLab } from './cleanup.ts';
import { describeOwner, selectHost, selectLab } from './cli-labs.ts';
import { engineReleases, findEngine, prepareEngine, type EngineRelease } from './engines.ts';
import { CommandError, LabError } from './errors.ts';
import { forwardPort } from './forward.ts';
import { dockerCommand, hostCommand, hostEnvironment } from './host-commands.ts';
import { openLab } from './lab.ts';
import { readLabRecords } from './lab-state.ts';
import { findFrr, frrReleases, prepareFrr } from './routers.ts';

interface UpOptions {
  readonly hosts: number;
  readonly engine: EngineRelease;
  readonly plugin: boolean;
  readonly inspect: boolean;
  readonly name: string;
}

const inspectorPort = 9229;

async function up({ hosts, engine, plugin, inspect, name }: UpOptions): Promise<void> {
  const lab = await openLab({ name, log, isStanding: true });
  try {
    await Promise.all(Array.from({ length: hosts }, () => lab.addHost({ engine })));
    const options = inspect ? { inspect: `127.0.0.1:${inspectorPort}`, flags: ['--debug'] } : {};
    if (plugin || inspect) await Promise.all(lab.hosts.map((host) => host.startPlugin(options)));
  } catch (error) {
    await lab.close();
    throw error;
  }
  for (const host of lab.hosts) {
    console.log(`${host.name}  ${host.address ?? '-'}  docker ${host.engine?.version ?? '-'}`);
  }
}

async function list(): Promise<void> {
  for (const lab of await readLabRecords()) {
    console.log(`${lab.name}  ${describeOwner(lab)}  ${lab.directory}`);
    for (const host of lab.hosts) {
      console.log(`  ${host.name}  docker ${host.engine?.version ?? '-'}  pid ${host.keeper.pid}`);
    }
  }
}

async function down(name: string | undefined, { all }: { readonly all: boolean }): Promise<void> {
  const removed = await removeDeadLabs();
  const standing = (await readLabRecords()).filter((lab) => lab.owner === null);
  const chosen = all ? standing : name === undefined && removed.length > 0 ? [] : [await selectLab(name)];
  for (const lab of chosen) await removeLab(lab);
  for (const gone of [...removed, ...chosen.map((lab) => lab.name)]) console.log(`${gone} is gone`);
}

async function engines({ build }: { readonly build: boolean }): Promise<void> {
  for (const release of engineReleases) {
    const found = build ? await prepareEngine(release, log) : await findEngine(release);
    const place = found === null ? 'built at first use' : (found.root ?? 'installed on this machine');
    console.log(`docker ${release}  ${found?.version ?? '-'}  ${place}`);
  }
  for (const release of frrReleases) {
    const found = build ? await prepareFrr(release, log) : await findFrr(release);
    const place = found === null ? 'built at first use' : (found.root ?? 'installed on this machine');
    console.log(`frr ${release}  ${found?.version ?? '-'}  ${place}`);
  }
}

function log(line: string): void {
  console.error(line);
}

/** Hands the terminal to a command in a host, and its exit code to the caller. */
function runInTerminal([program = '', ...args]: readonly string[]): void {
  const { status } = spawnSync(program, args, { stdio: 'inherit', env: hostEnvironment() });
  process.exitCode = status ?? 1;
}

/** `lab exec h1 -- ls` and `lab exec h1 ls` are the same. */
function withoutDashes(argv: readonly string[]): readonly string[] {
  return argv[0] === '--' ? argv.slice(1) : argv;
}

function createProgram(): Command {
  const program = new Command('lab')
    .description('Docker hosts in namespaces of this machine')
    .enablePositionalOptions();
  program
    .command('up')
    .description('start hosts that stay until "lab down"')
    .option('--hosts <n>', 'how many', Number, 2)
    .addOption(new Option('--engine <release>', 'Docker release').choices(engineReleases).default('20.10'))
    .option('--plugin', 'start the plugin on every host', false)
    .option('--inspect', `start it with --debug and Node's inspector on port ${inspectorPort} of the host`, false)
    .option('--name <name>', 'of the lab', 'lab')
    .action(up);
  addHostCommands(program);
  program.command('list').description('every lab on this machine').action(list);
  program
    .command('down')
    .description('remove a lab, and what killed owners left behind')
    .argument('[name]')
    .option('--all', 'every standing lab', false)
    .action(down);
  program
    .command('engines')
    .description('the releases of Docker and FRR that hosts can run')
    .option('--build', 'build those that are missing', false)
    .action(engines);
  return program;
}

/** Commands about one host of a lab. */
function addHostCommands(program: Command): void {
  const labOption = new Option('--lab <name>', 'which lab, when several are up');
  const argvArgument = new Argument('<argv...>', 'command and arguments');

  program
    .command('exec')
    .description('run a command in a host')
    .addOption(labOption)
    .argument('<host>')
    .addArgument(argvArgument)
    .passThroughOptions()
    .action(async (host: string, argv: string[], { lab }: { lab?: string }) => {
      runInTerminal(hostCommand(await selectHost(lab, host), withoutDashes(argv)));
    });
  program
    .command('docker')
    .description("run a host's Docker client")
    .addOption(labOption)
    .argument('<host>')
    .addArgument(argvArgument)
    .passThroughOptions()
    .action(async (host: string, argv: string[], { lab }: { lab?: string }) => {
      runInTerminal(dockerCommand(await selectHost(lab, host), withoutDashes(argv)));
    });
  program
    .command('forward')
    .description("make a port of a host's loopback reachable on this machine's, until Ctrl-C")
    .addOption(labOption)
    .argument('<host>')
    .argument('<port>', 'number of both', Number)
    .action(async (host: string, port: number, { lab }: { lab?: string }) => {
      const { name, keeper } = await selectHost(lab, host);
      await forwardPort(keeper.pid, port);
      console.log(`127.0.0.1:${port} is that of ${name} now`);
    });
}

try {
  await createProgram().parseAsync();
} catch (error) {
  if (!(error instanceof LabError || error instanceof CommandError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { complaintsIn } from '../../src/check/sandbox.ts';
import { type VtyReply, openVty } from '../../src/vty/connection.ts';

const run = promisify(execFile);
const DAEMON_DIR = '/usr/lib/frr';

/** A host with real FRR daemons, in namespaces of its own. Everything in it dies with it. */
export interface Router extends AsyncDisposable {
  readonly vtyDir: string;
  readonly configDir: string;
  /** `ip` inside the router’s network namespace. */
  ip(...args: string[]): Promise<string>;
  /** `ip -j` inside it. */
  readKernel(args: readonly string[]): Promise<unknown>;
  /** Sends a signal to one of its daemons. */
  signal(daemon: string, name: string): Promise<void>;
  /** Feeds an integrated file to the running daemons, as FRR does at start. */
  load(text: string): Promise<string>;
  /** What `systemctl restart frr` is elsewhere: a command that ends its daemons, starts these, and loads `frr.conf`. */
  commandToRestart(daemons: readonly string[]): Promise<string>;
  command(daemon: string, line: string): Promise<VtyReply>;
  /** Watches the router’s kernel routes. */
  watchRoutes(): RouteWatch;
  readonly namespacePid: number;
}

/** Starts daemons; what `frr.conf` says comes by {@link Router.load}. */
const START = `
[ ! -x ${DAEMON_DIR}/mgmtd ] || ${DAEMON_DIR}/mgmtd -d -u frr -g frr -z "$dir/zserv.api" --vty_socket "$dir" -i "$dir/mgmtd.pid" -P 0 --log file:"$dir/mgmtd.log"
for daemon in $daemons; do
  touch "$dir/$daemon.conf"
  file="-f $dir/$daemon.conf"
  [ "$daemon" != staticd ] || [ ! -x ${DAEMON_DIR}/mgmtd ] || file=
  ${DAEMON_DIR}/$daemon -d -u frr -g frr $file -z "$dir/zserv.api" --vty_socket "$dir" -i "$dir/$daemon.pid" -P 0 --log file:"$dir/$daemon.log"
done`;

const SCRIPT = `
set -e
dir=$1; daemons=$2
chown -R frr:frr "$dir"
for private in /run/frr /var/tmp /var/lib/frr; do [ -d "$private" ] && mount -t tmpfs -o mode=1777 tmpfs "$private"; done
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
[ -d /run/frr ] || { mount -t tmpfs tmpfs /run; install -d -o frr -g frr /run/frr; }
${START}
ip link add containers type veth peer name containers-peer
ip link set containers up
ip link set containers-peer up
echo ready
cat > /dev/null
`;

const RESTART = `#!/bin/sh
dir=$1; daemons=$(echo "$2" | tr , ' ')
for file in "$dir"/*.pid; do
  pid=$(cat "$file")
  kill "$pid"
  while [ -d "/proc/$pid" ]; do sleep 0.1; done
  rm -f "$file"
done
set -e
${START}
vtysh --vty_socket "$dir" --config_dir "$dir" -f "$dir/etc/frr.conf"
`;

export interface RouterOptions {
  readonly daemons: readonly string[];
  /** Text of a daemon’s own file, by daemon. */
  readonly files?: Readonly<Record<string, string>>;
}

export function requireFrr(): void {
  if (!existsSync(`${DAEMON_DIR}/ospfd`)) throw new Error(`${DAEMON_DIR}/ospfd is missing: run tools/setup`);
  if (process.getuid?.() !== 0) throw new Error('network namespaces need root: run the kernel tests as root');
}

export async function openRouter(options: RouterOptions): Promise<Router> {
  requireFrr();
  const dir = await mkdtemp('/tmp/quagga-router-');
  const configDir = join(dir, 'etc');
  await mkdir(configDir);
  await writeFile(join(dir, 'vtysh.conf'), '');
  for (const [daemon, text] of Object.entries(options.files ?? {})) await writeFile(join(dir, `${daemon}.conf`), text);
  const child = spawn(
    'unshare',
    [
      '--net',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      '-c',
      SCRIPT,
      'router',
      dir,
      options.daemons.join(' '),
    ],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', () => resolve());
    child.once('close', () => reject(new Error(`the router did not start: ${complaint}`)));
  });
  const namespacePid = Number((await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).trim());
  return createRouter(dir, configDir, namespacePid, child);
}

function createRouter(dir: string, configDir: string, namespacePid: number, child: ChildProcess): Router {
  const inside = ['-t', String(namespacePid), '-n'];
  return {
    vtyDir: dir,
    configDir,
    namespacePid,
    ip: async (...args) => (await run('nsenter', [...inside, 'ip', ...args])).stdout,
    readKernel: async (args) =>
      JSON.parse((await run('nsenter', [...inside, 'ip', '-j', ...args])).stdout || '[]') as unknown,
    signal: async (daemon, name) => {
      const pid = (await readFile(join(dir, `${daemon}.pid`), 'utf8')).trim();
      const there = ['-t', String(namespacePid), '-p', 'sh', '-c', 'kill -"$1" "$2"', 'kill', name, pid];
      await run('nsenter', there);
    },
    load: async (text) => {
      await writeFile(join(dir, 'load.conf'), text);
      const { stdout, stderr } = await run('vtysh', [
        '--vty_socket',
        dir,
        '--config_dir',
        dir,
        '-f',
        join(dir, 'load.conf'),
      ]);
      return complaintsIn(`${stdout}\n${stderr}`).join('\n');
    },
    commandToRestart: async (daemons) => {
      const path = join(dir, 'restart');
      await writeFile(path, RESTART, { mode: 0o755 });
      return ['nsenter', '-t', namespacePid, '-n', '-m', '-p', path, dir, daemons.join(',')].join(' ');
    },
    command: async (daemon, line) => {
      await using vty = await openVty(join(dir, `${daemon}.vty`));
      return await vty.command(line);
    },
    watchRoutes: () =>
      new RouteWatch(
        spawn('nsenter', [...inside, 'ip', '-o', 'monitor', 'route'], { stdio: ['ignore', 'pipe', 'inherit'] }),
      ),
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.stdin?.end();
      await closed;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Joins two routers by a link, which both call eth1 unless they have other names for it. */
export async function connect(
  a: Router,
  b: Router,
  addresses: readonly [string, string],
  names: readonly [string, string] = ['eth1', 'eth1'],
): Promise<void> {
  await a.ip('link', 'add', names[0], 'type', 'veth', 'peer', 'name', names[1], 'netns', String(b.namespacePid));
  for (const [router, address, name] of [
    [a, addresses[0], names[0]],
    [b, addresses[1], names[1]],
  ] as const) {
    await router.ip('address', 'add', address, 'dev', name);
    await router.ip('link', 'set', name, 'up');
  }
}

/** Kernel route changes since it was opened, in order. */
export class RouteWatch implements AsyncDisposable {
  readonly lines: { readonly text: string; readonly atMs: number }[] = [];
  readonly #child: ChildProcess;
  #notify: () => void = () => undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on('line', (text) => {
        this.lines.push({ text, atMs: performance.now() });
        this.#notify();
      });
  }

  /** When a line that matches came, looking from line number `from` on. */
  async until(pattern: RegExp, deadlineMs: number, from = 0): Promise<number> {
    const end = performance.now() + deadlineMs;
    for (;;) {
      const found = this.lines.slice(from).find(({ text }) => pattern.test(text));
      if (found !== undefined) return found.atMs;
      const left = end - performance.now();
      if (left <= 0)
        throw new Error(
          `no route event ${String(pattern)} within ${deadlineMs} ms; seen:\n${this.lines.map(({ text }) => text).join('\n')}`,
        );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#notify = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGTERM');
    await closed;
  }
}

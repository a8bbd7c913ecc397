import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createConnectionMarks, type ConnectionMarks } from '@routed/netfilter';
import type { Rtnl } from '@routed/netns';
import { openProgramNamespace, type ProgramNamespace } from '../../../netfilter/test/support/namespace.ts';
import { until } from '../../../netfilter/test/support/until.ts';
import {
  announcementRules,
  applyAnnouncementRules,
  BlockRoutes,
  blockRules,
  PREVIOUS_TABLE,
  ROUTE_PROTOCOL,
  UNANNOUNCED_TABLE,
} from '../../src/index.ts';

/** A container with a server on either host has this address, of each family. */
export const SHARED = { 4: '10.1.0.5', 6: 'fd00:1::5' } as const;
export const PREFIXES = ['10.1.0.0/16', 'fd00:1::/64'] as const;
/** The blocks that the shared addresses lie in. */
const BLOCKS = { 4: '10.1.0.0/29', 6: 'fd00:1::/125' } as const;

/** Who opens connections: another machine of the fabric, a host, or a container beside the server. */
export type Client = 'machine' | 'host1' | 'host2' | 'container1' | 'container2';
export type HostName = 'host1' | 'host2';
export type Family = 4 | 6;

interface HostOfStage {
  readonly namespace: ProgramNamespace;
  readonly rtnl: Rtnl;
  readonly marks: ConnectionMarks;
}

const UPLINK_OF = {
  host1: { 4: '192.0.2.1', 6: '2001:db8::1' },
  host2: { 4: '192.0.2.2', 6: '2001:db8::2' },
  machine: { 4: '192.0.2.3', 6: '2001:db8::3' },
} as const;
const LINK_PREFIX = 'vethr';
const GATEWAY = '169.254.1.1';

/** Two hosts and another machine on one LAN; the test plays the routing protocol between them. */
export class AnnouncementStage {
  readonly namespaces = new Map<string, ProgramNamespace>();
  readonly #hosts = new Map<HostName, HostOfStage>();
  readonly #processes: ChildProcess[] = [];
  readonly #forwarded = new Map<HostName, number>();

  async open(): Promise<void> {
    const names = ['lan', 'host1', 'host2', 'machine', 'server1', 'server2', 'container1', 'container2'];
    await Promise.all(names.map(async (name) => this.namespaces.set(name, await openProgramNamespace())));
    await this.sh('lan', 'ip link add name lan0 type bridge; ip link set lan0 up');
    for (const machine of ['host1', 'host2', 'machine'] as const) await this.#connect(machine);
    for (const [index, host] of (['host1', 'host2'] as const).entries()) {
      const which = index + 1;
      await this.#addContainer(host, `server${which}`, SHARED);
      await this.#addContainer(host, `container${which}`, { 4: `10.1.0.${which}0`, 6: `fd00:1::${which}0` });
      await this.#openHost(host);
      await this.#serve(`server${which}`, host);
    }
    for (const family of [4, 6] as const) {
      for (const [index, host] of (['host1', 'host2'] as const).entries()) {
        const address = family === 4 ? `10.1.0.${index + 1}0` : `fd00:1::${index + 1}0`;
        const link = `${LINK_PREFIX}container${index + 1}`;
        await this.sh(host, `ip route add ${address} dev ${link} protocol ${ROUTE_PROTOCOL}`);
        for (const other of ['host1', 'host2', 'machine'].filter((name) => name !== host)) {
          await this.sh(other, `ip route add ${address} via ${UPLINK_OF[host][family]} metric 20`);
        }
      }
    }
  }

  async close(): Promise<void> {
    for (const { pid } of this.#processes) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    for (const { rtnl } of this.#hosts.values()) await rtnl.close();
    for (const namespace of this.namespaces.values()) await namespace.close();
  }

  /** Runs a shell command on a machine or in a container. */
  async sh(where: string, command: string): Promise<string> {
    return await this.#at(where).sh(command);
  }

  /** The rules and marks of a host, on or off. */
  async separate(host: HostName, isOn: boolean, takenOver: readonly string[] = []): Promise<void> {
    const { rtnl, marks } = this.#hosts.get(host)!;
    const previousMacs = takenOver.length === 0 ? [] : [await this.#macOf(host === 'host1' ? 'host2' : 'host1')];
    if (isOn) await marks.ensure({ prefixes: PREFIXES, uplinks: ['eth0'], takenOver, previousMacs });
    await applyAnnouncementRules(rtnl.rules, isOn ? announcementRules(PREFIXES) : []);
    if (!isOn) await marks.remove();
  }

  /** A host has the block of the shared address: its rules and routes, on or off. With {@link separate} as it is: on. */
  async haveBlock(host: HostName, family: Family, isOn: boolean): Promise<void> {
    const { rtnl } = this.#hosts.get(host)!;
    const routes = new BlockRoutes({ rtnl });
    const rules = [...announcementRules(PREFIXES), ...(isOn ? blockRules([BLOCKS[family]]) : [])];
    await applyAnnouncementRules(rtnl.rules, rules);
    if (isOn) await routes.add(BLOCKS[family]);
    else await routes.delete(BLOCKS[family]);
  }

  /** Puts the host route of the server into the main table, then takes it out of the private one. */
  async announce(host: HostName, family: Family): Promise<void> {
    await this.#route(host, family, 'replace', 'main');
    await this.#route(host, family, 'delete', UNANNOUNCED_TABLE).catch(() => undefined);
  }

  /** The other way round. */
  async withdraw(host: HostName, family: Family): Promise<void> {
    await this.#route(host, family, 'replace', UNANNOUNCED_TABLE);
    await this.#route(host, family, 'delete', 'main').catch(() => undefined);
  }

  /** What a routing protocol does: this machine sends to the address by that host, or nowhere. */
  async learn(machine: HostName | 'machine', family: Family, by: HostName | undefined): Promise<void> {
    const route = `${SHARED[family]} protocol ospf metric 20`;
    await this.sh(
      machine,
      by === undefined ? `ip route del ${route}` : `ip route replace ${route} via ${UPLINK_OF[by][family]}`,
    );
  }

  /** The way to the host that announced the address before. */
  async keepPrevious(host: HostName, family: Family, by: HostName | undefined): Promise<void> {
    const table = `table ${PREVIOUS_TABLE}`;
    if (by === undefined) await this.sh(host, `ip -${family} route flush ${table}`);
    else await this.sh(host, `ip route replace ${SHARED[family]} via ${UPLINK_OF[by][family]} ${table}`);
  }

  /** How many packets this host has forwarded since the last call. */
  async forwarded(host: HostName): Promise<number> {
    const program =
      "awk '/^Ip: [0-9]/ { ip = $7 } END { print ip }' /proc/net/snmp; awk '/Ip6OutForwDatagrams/ { print $2 }' /proc/net/snmp6";
    const total = (await this.sh(host, program))
      .trim()
      .split('\n')
      .reduce((sum, count) => sum + Number(count), 0);
    const before = this.#forwarded.get(host) ?? 0;
    this.#forwarded.set(host, total);
    return total - before;
  }

  /** Forgets the routes of the address everywhere. */
  async clear(): Promise<void> {
    for (const machine of ['host1', 'host2', 'machine']) {
      for (const family of [4, 6] as const) {
        for (const table of ['main', UNANNOUNCED_TABLE, PREVIOUS_TABLE]) {
          await this.sh(machine, `ip -${family} route flush table ${table} ${SHARED[family]} 2>/dev/null || true`);
        }
      }
    }
  }

  /** Opens a connection to the address. */
  connect(client: Client, family: Family): Connection {
    const pid = String(this.#at(client).pid);
    const script = `exec 3<>/dev/tcp/${SHARED[family]}/80; while read -r x; do a=; echo x >&3; read -t 3 -r a <&3; echo "$a"; done`;
    const child = spawn('nsenter', ['--net', '-t', pid, 'bash', '-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    return new Connection(child);
  }

  #at(name: string): ProgramNamespace {
    return this.namespaces.get(name)!;
  }

  async #macOf(machine: HostName): Promise<string> {
    return /link\/ether (\S+)/.exec(await this.sh(machine, 'ip link show eth0'))?.[1] ?? '';
  }

  async #route(host: HostName, family: Family, verb: string, table: string | number): Promise<void> {
    const link = `${LINK_PREFIX}server${host.slice(-1)}`;
    const route = `${SHARED[family]} dev ${link} protocol ${ROUTE_PROTOCOL} metric ${family === 4 ? 0 : 1}`;
    await this.sh(host, `ip route ${verb} ${route} table ${table}`);
  }

  async #connect(machine: keyof typeof UPLINK_OF): Promise<void> {
    const pid = this.#at(machine).pid;
    await this.sh('lan', `ip link add ${machine} type veth peer name eth0 netns /proc/${pid}/ns/net`);
    await this.sh('lan', `ip link set ${machine} master lan0 up`);
    const { 4: ipv4, 6: ipv6 } = UPLINK_OF[machine];
    await this.sh(machine, `ip address add ${ipv4}/24 dev eth0; ip address add ${ipv6}/64 dev eth0 nodad`);
    await this.sh(machine, 'ip link set eth0 up; sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1');
  }

  async #addContainer(
    host: HostName,
    name: string,
    addresses: { readonly 4: string; readonly 6: string },
  ): Promise<void> {
    const link = LINK_PREFIX + name;
    const pid = this.#at(name).pid;
    await this.sh(host, `ip link add ${link} type veth peer name eth0 netns /proc/${pid}/ns/net`);
    await this.sh(host, `ip link set ${link} up; ip address add fe80::1/64 dev ${link} nodad`);
    await this.sh(host, `ip address add ${GATEWAY}/32 dev lo scope link 2>/dev/null || true`);
    await this.sh(name, 'ip link set eth0 up');
    await this.sh(
      name,
      `ip address add ${addresses[4]}/32 dev eth0; ip address add ${addresses[6]}/128 dev eth0 nodad`,
    );
    await this.sh(name, `ip route add ${GATEWAY} dev eth0; ip route add default via ${GATEWAY}`);
    await this.sh(name, 'ip -6 route add default via fe80::1 dev eth0');
  }

  async #openHost(host: HostName): Promise<void> {
    const namespace = this.#at(host);
    const rtnl = await namespace.netns.openRtnl();
    const run: ProgramNamespace['run'] = (argv, input) => namespace.run(argv, input);
    const marks = createConnectionMarks({ run }, { table: 'routed_marks', linkPrefix: LINK_PREFIX });
    this.#hosts.set(host, { namespace, rtnl, marks });
  }

  /** A server that answers each line with the name of its host. */
  async #serve(container: string, host: HostName): Promise<void> {
    const script = `while read -r x; do echo ${host}; done`;
    const argv = ['busybox', 'nc', '-ll', '-p', '80', '-e', 'sh', '-c', script];
    const pid = String(this.#at(container).pid);
    this.#processes.push(spawn('nsenter', ['--net', '-t', pid, ...argv], { stdio: 'ignore', detached: true }));
    await until(async () => (await this.sh(container, 'ss -Hltn sport = :80')) !== '', `${container} listens`, 5000);
  }
}

/** One TCP connection, kept open. */
export class Connection {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdin?.on('error', () => undefined);
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** Which host answers a line on this connection; '' when it is reset or nobody answers. */
  async ask(): Promise<string> {
    this.#child.stdin?.write('x\n');
    const answer = await this.#lines.next();
    return answer.done === true ? '' : answer.value;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

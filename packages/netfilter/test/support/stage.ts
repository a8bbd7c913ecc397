import { type ChildProcess, spawn } from 'node:child_process';
import { parseIp } from '@routed/addresses';
import { openNfnetlink } from '@routed/netns/nfnetlink';
import { createEndpointFilters, type EndpointFilters } from '../../src/index.ts';
import { openProgramNamespace, type ProgramNamespace } from './namespace.ts';
import { until } from './until.ts';

/** A host with two containers, and a client outside of it. */
export interface FilterStage {
  readonly host: ProgramNamespace;
  /** 10.1.0.2, fd00:1::2 behind the host's link {@link LINK} */
  readonly one: ProgramNamespace;
  /** 10.1.0.3, fd00:1::3 */
  readonly two: ProgramNamespace;
  /** 10.9.0.2, fd00:9::2; the host has 10.9.0.1, fd00:9::1 there. */
  readonly client: ProgramNamespace;
  /** Filters of the host. */
  readonly filters: EndpointFilters;
  /** Accepts TCP connections on a port of a namespace and echoes what it gets, until the stage closes. */
  serve(namespace: ProgramNamespace, port: number): Promise<void>;
  close(): Promise<void>;
}

export const LINK = 'vethr0000000001';
export const OTHER_LINK = 'vethr0000000002';
export const MAC = '02:42:0a:01:00:02';
export const GATEWAY = '169.254.1.1';

/** Names in the rules. */
export const RULES = { table: 'routed', linkPrefix: 'vethr', logGroup: 7200 } as const;

const HOST_MAC = 'ee:ee:ee:ee:ee:ee';

export async function openFilterStage(): Promise<FilterStage> {
  const [host, one, two, client] = await Promise.all(Array.from({ length: 4 }, openProgramNamespace));
  const stage = { host: host!, one: one!, two: two!, client: client! };
  const servers: ChildProcess[] = [];
  await stage.host.sh('sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1');
  // Every refusal is to be seen. Source: linux Documentation/networking/ip-sysctl.rst, icmp_ratelimit.
  await stage.host.sh('sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0');
  await stage.host.sh(`ip address add ${GATEWAY}/32 dev lo`);
  await addContainer(stage.host, stage.one, LINK, 2);
  await addContainer(stage.host, stage.two, OTHER_LINK, 3);
  await stage.host.sh(`ip link add eth0 type veth peer name eth0 netns /proc/${stage.client.pid}/ns/net`);
  for (const [namespace, last] of [
    [stage.host, 1],
    [stage.client, 2],
  ] as const) {
    await namespace.sh(`ip address add 10.9.0.${last}/24 dev eth0; ip address add fd00:9::${last}/64 dev eth0 nodad`);
    await namespace.sh('ip link set eth0 up');
  }
  // The host talks to containers from the address that the client knows it by.
  for (const [link, last] of [
    [LINK, 2],
    [OTHER_LINK, 3],
  ] as const) {
    await stage.host.sh(`ip route change 10.1.0.${last}/32 dev ${link} src 10.9.0.1`);
    await stage.host.sh(`ip -6 route change fd00:1::${last}/128 dev ${link} src fd00:9::1`);
  }
  await stage.client.sh('ip route add default via 10.9.0.1; ip -6 route add default via fd00:9::1');
  // A new link takes a moment to be up for routing, and to have its link-local address.
  for (const container of [stage.one, stage.two]) {
    for (const address of ['10.9.0.2', 'fd00:9::2']) {
      await until(async () => (await ping(container, address)) === 'answer', `ping ${address}`, 10_000);
    }
  }
  const nfnetlink = await openNfnetlink({ netns: stage.host.netns });
  const uplinks = (): Promise<string[]> => Promise.resolve(['eth0']);
  const filters = createEndpointFilters(
    { nfnetlink, run: (argv, input) => stage.host.run(argv, input), uplinks },
    RULES,
  );
  return {
    ...stage,
    filters,
    async serve(namespace, port) {
      const argv = ['--net', '-t', String(namespace.pid), 'busybox', 'nc', '-ll', '-p', String(port), '-e', 'cat'];
      servers.push(spawn('nsenter', argv, { stdio: 'ignore', detached: true }));
      await namespace.sh(
        `for i in $(seq 100); do ss -Hltn sport = :${port} | grep -q . && exit; sleep 0.02; done; exit 1`,
      );
    },
    async close() {
      // With what serves connections that are still open.
      for (const { pid } of servers) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
      await nfnetlink.close();
      for (const namespace of Object.values(stage)) await namespace.close();
    },
  };
}

async function addContainer(
  host: ProgramNamespace,
  container: ProgramNamespace,
  link: string,
  last: number,
): Promise<void> {
  const mac = `02:42:0a:01:00:0${last}`;
  const peer = `peer name eth0 address ${mac} netns /proc/${container.pid}/ns/net`;
  await host.sh(`ip link add ${link} address ${HOST_MAC} type veth ${peer}`);
  await host.sh(`ip link set ${link} up; ip address add fe80::1/64 dev ${link} nodad`);
  await container.sh('ip link set eth0 up');
  await container.sh(`ip address add 10.1.0.${last}/32 dev eth0; ip address add fd00:1::${last}/128 dev eth0 nodad`);
  await container.sh(`ip route add ${GATEWAY} dev eth0; ip route add default via ${GATEWAY}`);
  await container.sh('ip -6 route add default via fe80::1 dev eth0');
  await host.sh(`ip route add 10.1.0.${last}/32 dev ${link}; ip -6 route add fd00:1::${last}/128 dev ${link}`);
}

/** How an attempt to connect ended, and after how long. */
export interface Attempt {
  readonly outcome: 'connected' | 'reset' | 'prohibited' | 'silence';
  readonly ms: number;
}

/** Tries to open a TCP connection from a namespace. */
export async function connect(from: ProgramNamespace, address: string, port: number): Promise<Attempt> {
  const startedAt = performance.now();
  const result = await from.run(['timeout', '2', 'bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`]);
  const ms = performance.now() - startedAt;
  const { exitCode = 1, stderr = '' } = result ?? {};
  if (exitCode === 0) return { outcome: 'connected', ms };
  if (stderr.includes('Connection refused')) return { outcome: 'reset', ms };
  return { outcome: /No route to host|Permission denied/.test(stderr) ? 'prohibited' : 'silence', ms };
}

/** What ping says of one packet. */
export async function ping(from: ProgramNamespace, to: string, ...more: readonly string[]): Promise<string> {
  const result = await from.run(['ping', '-c', '1', '-W', '1', ...more, to]);
  const stdout = result?.stdout ?? '';
  if (result?.exitCode === 0) return 'answer';
  return /filtered|prohibited|Administratively/i.test(stdout + (result?.stderr ?? '')) ? 'prohibited' : 'silence';
}

/** Sends a frame as it is, from a container. */
export async function sendFrame(from: ProgramNamespace, frame: string): Promise<void> {
  await from.sh(`perl ${import.meta.dirname}/raw-frame.pl eth0 ${frame}`);
}

/**
 * Sends `count` requests by which a container enters itself into the host's table of neighbours: for fe80::1, for routers, or for
 * {@link GATEWAY}. Each comes from another address of its making, or all from `source`.
 */
export async function solicit(
  from: ProgramNamespace,
  kind: 'ns' | 'rs' | 'arp',
  count: number,
  source?: string,
): Promise<void> {
  const fixed = source === undefined ? '' : Buffer.from(parseIp(source)!.bytes).toString('hex');
  await from.sh(`perl ${import.meta.dirname}/solicit.pl eth0 ${count} ${kind} ${fixed}`);
}

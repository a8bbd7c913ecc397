import { DOCTOR_SETTINGS, ROUTE_PROTOCOL } from '@routed/datapath';
import { type Check, defineCheck, type Finding } from '../check.ts';
import type { HostView } from '../host-view.ts';
import type { RouterDaemon } from '../facts/router-facts.ts';

/** How much later than the others zebra may start, in ticks of 10 ms: a start script takes its time. */
const RESTART_TICKS = 200;

export const routerDaemonsCheck = defineCheck<{
  readonly daemons: readonly RouterDaemon[] | undefined;
  readonly hasBird: boolean;
  readonly hasContainers: boolean;
  /** Whether somebody means this host to announce its containers: a router is set up, or a network says how. */
  readonly isWanted: boolean;
  /** `--router none`. */
  readonly isUnwanted?: boolean;
}>({
  id: 'router-daemons',
  title: 'the router runs',
  read: async (host) => ({
    daemons: (await host.routers())?.daemons,
    hasBird: await host.isSocket('/run/bird/bird.ctl'),
    hasContainers: (await host.routes()).some(({ protocol }) => protocol === ROUTE_PROTOCOL),
    isWanted: await isToAnnounce(host),
    isUnwanted: host.paths.isWithoutRouter === true,
  }),
  judge: ({ daemons, hasBird, hasContainers, isWanted, isUnwanted }) => {
    if (isUnwanted === true && daemons === undefined) return [];
    if (daemons === undefined) return [noRouter(hasBird, hasContainers, isWanted)];
    const dead = daemons.filter(({ isRunning, isHung }) => !isRunning && isHung !== true);
    const hung = daemons.filter(({ isHung }) => isHung === true);
    const findings: Finding[] = dead.map(({ name }) => ({
      severity: 'broken',
      found: `${name} is dead; its socket remains`,
      why:
        name === 'zebra'
          ? 'the other daemons keep announcing old routes: new containers are not announced, and old ones never withdrawn'
          : 'its routes are withdrawn, or soon will be: other hosts cannot reach the containers',
      remedy: 'read its log, then restart all of the router\'s daemons together ("systemctl restart frr")',
    }));
    findings.push(...hung.map(hangs));
    const zebra = daemons.find(({ name, isRunning }) => name === 'zebra' && isRunning);
    const speakers = daemons.filter(({ name, isRunning }) => name !== 'zebra' && isRunning);
    const silent = [...dead, ...hung];
    if (zebra === undefined && silent.every(({ name }) => name !== 'zebra')) findings.push(noZebra());
    if (zebra !== undefined && speakers.length === 0 && silent.length === 0) findings.push(noSpeaker());
    return [...findings, ...restartedAlone(zebra, speakers)];
  },
});

function hangs({ name, pid }: RouterDaemon): Finding {
  return {
    severity: 'broken',
    found: `${name} does not answer${pid === undefined ? '' : ` (process ${pid})`}`,
    why: 'a daemon that hangs drops its neighbors, and neither announces nor withdraws containers',
    remedy: 'read its log, then restart all of the router\'s daemons together ("systemctl restart frr")',
  };
}

/** Where packages put what a router is to do. */
const ROUTER_FILES = ['/etc/frr/daemons', '/etc/frr/frr.conf', '/etc/quagga/daemons', '/etc/quagga/zebra.conf'];

async function isToAnnounce(host: HostView): Promise<boolean> {
  const files = await Promise.all(ROUTER_FILES.map((path) => host.file(path)));
  if (files.some((file) => file !== undefined)) return true;
  const daemon = await host.daemon();
  if (daemon === undefined) return false;
  return daemon.blocks.length > 0 || daemon.announcements.some(({ policy }) => policy !== 'always');
}

function noRouter(hasBird: boolean, hasContainers: boolean, isWanted: boolean): Finding {
  if (hasBird) {
    return {
      severity: 'note',
      found: 'BIRD is the router of this host',
      why: 'its announcements and timers were not checked',
      remedy:
        'check that its kernel protocol learns routes of protocol 200 ("learn all"), scans every second or two, and exports only host routes of your pools',
    };
  }
  if (!isWanted) {
    return {
      severity: 'note',
      found: 'there is no router on this host',
      why: 'no daemon announces the containers: only this host reaches them, unless a switch has static routes',
      remedy:
        'for a single host: nothing, and --router none leaves this out; to be reached by other hosts: install FRR, "quagga-config init" proposes a configuration',
    };
  }
  return {
    severity: hasContainers ? 'broken' : 'warning',
    found: 'neither FRR nor Quagga runs here',
    why: 'no daemon announces the containers: only this host reaches them, unless a switch has static routes',
    remedy: 'install and start FRR; "quagga-config init" proposes a configuration. Sockets elsewhere: --router-dir',
  };
}

function noZebra(): Finding {
  return {
    severity: 'broken',
    found: 'zebra does not run, although other routing daemons do',
    why: 'zebra learns the container routes from the kernel',
    remedy: 'start it, then restart the others ("systemctl restart frr")',
  };
}

function noSpeaker(): Finding {
  return {
    severity: 'broken',
    found: 'zebra runs, but neither ospfd, ospf6d nor bgpd does',
    why: 'no daemon announces the containers',
    remedy: 'set ospfd=yes or bgpd=yes in /etc/frr/daemons, then "systemctl restart frr"',
  };
}

function restartedAlone(zebra: RouterDaemon | undefined, speakers: readonly RouterDaemon[]): Finding[] {
  const older = speakers.filter(({ startedTicks }) => {
    return startedTicks !== undefined && (zebra?.startedTicks ?? 0) > startedTicks + RESTART_TICKS;
  });
  if (older.length === 0) return [];
  const names = older.map(({ name }) => name).join(', ');
  return [
    {
      severity: 'broken',
      found: `zebra was restarted alone: ${names} ran before it`,
      why: `${names} does not read the container routes again: new ones are not announced, and old ones never withdrawn`,
      remedy: 'restart all of the router\'s daemons together ("systemctl restart frr")',
    },
  ];
}

/** What Debian's FRR sets. Below a tenth of it 30,000 routes in a burst get lost. */
const GOOD_BUFFER_BYTES = 90_000_000;

export const zebraBufferCheck = defineCheck<{
  readonly zebra: RouterDaemon | undefined;
  /** Of its socket that hears of routes; undefined: not known. */
  readonly lost: number | undefined;
  readonly mayExceed: boolean | undefined;
  readonly limit: number | undefined;
}>({
  id: 'zebra-buffer',
  title: 'zebra receives every route',
  read: async (host) => {
    const zebra = (await host.routers())?.daemons.find(({ name, isRunning }) => name === 'zebra' && isRunning);
    const pid = zebra?.pid;
    return {
      zebra,
      lost: pid === undefined ? undefined : netlinkDrops((await host.file('/proc/net/netlink')) ?? '', pid),
      mayExceed: pid === undefined ? undefined : hasNetAdmin(await host.file(`/proc/${pid}/status`)),
      limit: Number((await host.sysctl(DOCTOR_SETTINGS.receiveBuffer.key)) ?? NaN) || undefined,
    };
  },
  judge: ({ zebra, lost, mayExceed, limit }) => {
    if (zebra === undefined) return [];
    const findings: Finding[] = [];
    if (lost !== undefined && lost > 0) {
      findings.push({
        severity: 'broken',
        found: `zebra dropped ${lost} netlink notifications since it started`,
        why: 'it does not resynchronize: some containers are not announced, and some stale ones still are',
        remedy: `start zebra with -s ${GOOD_BUFFER_BYTES} (zebra_options in /etc/frr/daemons), all daemons together`,
      });
    }
    if (zebra.commandLine.length === 0) return findings;
    const asked = askedBuffer(zebra.commandLine);
    if (asked < GOOD_BUFFER_BYTES / 10) {
      findings.push({
        severity: 'warning',
        found: asked === 0 ? 'zebra runs without -s' : `zebra runs with -s ${asked}`,
        why: 'its buffer holds some 10,000 route notifications: a larger burst is silently lost',
        remedy: `add -s ${GOOD_BUFFER_BYTES} to zebra_options in /etc/frr/daemons, then restart all daemons together`,
      });
    } else if (mayExceed === false && limit !== undefined && limit < asked) {
      const { key, value } = DOCTOR_SETTINGS.receiveBuffer;
      findings.push({
        severity: 'warning',
        found: `zebra asks for a buffer of ${asked} bytes, has no CAP_NET_ADMIN, and ${key} is ${limit}`,
        why: DOCTOR_SETTINGS.receiveBuffer.why,
        remedy: 'run with --fix, then restart all of the router\'s daemons together ("systemctl restart frr")',
        fixes: [{ kind: 'sysctl', key, value }],
      });
    }
    return findings;
  },
});

/** Of `-s 90000000`, `-s90000000` or `--nl-bufsize=…`; 0 without. Pure. */
export function askedBuffer(commandLine: readonly string[]): number {
  const text = commandLine.join(' ');
  return Number(/(?:^| )(?:-s ?|--nl-bufsize[ =])(\d+)/.exec(text)?.[1] ?? 0);
}

/** Source: linux net/netlink/af_netlink.c netlink_seq_show; the first socket of a process has its pid for a port. */
export function netlinkDrops(table: string, pid: number): number | undefined {
  const [head = '', ...rows] = table.trim().split('\n');
  const names = head.trim().split(/\s+/);
  const cells = rows.map((row) => row.trim().split(/\s+/));
  const own = cells.find((row) => row[names.indexOf('Eth')] === '0' && row[names.indexOf('Pid')] === String(pid));
  return own === undefined ? undefined : Number(own[names.indexOf('Drops')]);
}

/** Source: linux uapi capability.h, CAP_NET_ADMIN is 12; a daemon raises it from what is permitted. */
function hasNetAdmin(status: string | undefined): boolean | undefined {
  const permitted = /^CapPrm:\s*([0-9a-f]+)$/m.exec(status ?? '')?.[1];
  return permitted === undefined ? undefined : ((BigInt(`0x${permitted}`) >> 12n) & 1n) === 1n;
}

export const routersChecks: readonly Check[] = [routerDaemonsCheck, zebraBufferCheck];

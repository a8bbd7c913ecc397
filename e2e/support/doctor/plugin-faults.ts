import { expect } from 'chai';
import { runIdle } from '../containers.ts';
import { eventually } from '../eventually.ts';
import { send } from '../raw-request.ts';
import { type } from '../shell.ts';
import { bySh, type Fault } from './fault.ts';
import type { ExaminedHost } from './examined-host.ts';

const lostId = 'deadbeef'.repeat(8);
const lostNetwork = JSON.stringify({
  NetworkID: lostId,
  Options: { 'com.docker.network.generic': {} },
  IPv4Data: [{ AddressSpace: 'routed-local', Pool: '10.55.0.0/16', Gateway: '10.55.0.1/16', AuxAddresses: {} }],
  IPv6Data: [],
});

const nothing = (): Promise<void> => Promise.resolve();

/** What the plugin and Docker know of each other. */
export const recordFaults: readonly Fault[] = [
  {
    check: 'filters',
    round: 'warnings',
    what: 'a container that nobody may enter',
    severity: 'note',
    found: /^nobody may open connections to 1 endpoints, such as 10\..+: routed\.ingress=none$/,
    why: /^that may be meant/,
    remedy: /^list who may with "routed-plugin ingress set/,
    break: ({ host }: ExaminedHost): Promise<unknown> => type(host, 'routed-plugin ingress set web none'),
    revert: ({ host }: ExaminedHost): Promise<unknown> => type(host, 'routed-plugin ingress set web any'),
  },
  {
    check: 'egress-names',
    round: 'warnings',
    what: 'a container that may go everywhere while the plugin is away',
    severity: 'note',
    found: /^1 containers may go everywhere while routed-plugin does not run: batch$/,
    why: /^they have routed\.egress-when-away=open/,
    remedy: /routed\.egress-when-away=closed$/,
    break: ({ host }: ExaminedHost): Promise<void> =>
      runIdle(
        host,
        'batch',
        '--network',
        'name=apps,driver-opt=routed.egress=api.example.com,driver-opt=routed.egress-when-away=open',
      ),
    revert: ({ host }: ExaminedHost): Promise<unknown> => host.docker('rm', '--force', 'batch'),
  },
  {
    check: 'stale-records',
    round: 'broken',
    what: 'a network that Docker removed while the plugin was away',
    severity: 'warning',
    found: /^routed-plugin has network deadbeefdead \(10\.55\.0\.0\/16\), which Docker does not know$/,
    why: /its subnet stays in use/,
    remedy: /"routed-plugin network forget deadbeefdead"$/,
    break: ({ host }: ExaminedHost): Promise<unknown> =>
      send(host.outsidePath('/run/docker/plugins/routed.sock'), '/NetworkDriver.CreateNetwork', lostNetwork),
    // To the letter what the remedy says.
    revert: async ({ host }: ExaminedHost): Promise<void> => {
      const { exitCode, stderr } = await type(host, 'routed-plugin network forget deadbeefdead');
      expect(exitCode, stderr).to.equal(0);
    },
    also: ['announcement'],
  },
  {
    check: 'stale-records',
    what: 'a plugin that has lost its state, and cannot ask Docker',
    severity: 'broken',
    found: /^routed-plugin does not know network apps$/,
    why: /^its state was lost/,
    remedy: /"docker network rm apps", and create it again/,
    break: async (examined: ExaminedHost): Promise<void> => {
      await examined.plugin.stop('SIGKILL');
      // With it, the plugin would make its records anew.
      await examined.startPlugin('--state-dir', '/var/lib/routed-empty', '--docker-socket', '/run/no-docker.sock');
    },
    revert: async (examined: ExaminedHost): Promise<void> => {
      await examined.plugin.stop('SIGKILL');
      await examined.startPlugin();
    },
    also: ['stale-links'],
  },
  {
    check: 'uplink-names',
    what: 'an uplink that is not there',
    severity: 'warning',
    found: /^uplink wan0 \(--uplinks\) is not there$/,
    why: /^what containers begin leaves by the uplinks that were named/,
    remedy: /^correct --uplinks \(ROUTED_UPLINKS\) and restart routed-plugin/,
    break: async (examined: ExaminedHost): Promise<void> => {
      await examined.plugin.stop('SIGTERM');
      await examined.startPlugin('--uplinks', 'eth1,wan0');
    },
    revert: async (examined: ExaminedHost): Promise<void> => {
      await examined.plugin.stop('SIGTERM');
      await examined.startPlugin();
    },
  },
  {
    check: 'namespaces',
    what: 'a plugin that does not see the namespaces of containers',
    severity: 'broken',
    found: /^routed-plugin has a mount namespace of its own, and mounts do not reach it$/,
    why: /it cannot set additional addresses$/,
    remedy: /propagation rslave/,
    break: async (examined: ExaminedHost): Promise<void> => {
      await examined.plugin.stop('SIGTERM');
      const main = new URL('../../../packages/daemon/dist/main.js', import.meta.url).pathname;
      const argv = ['unshare', '--mount', '--propagation', 'private', process.execPath, main, 'serve'];
      examined.plugin = await examined.host.spawn(argv, { name: 'plugin' });
      await answering(examined);
    },
    revert: async (examined: ExaminedHost): Promise<void> => {
      await examined.plugin.stop('SIGTERM');
      await examined.startPlugin();
    },
  },
];

async function answering({ doctor }: ExaminedHost): Promise<void> {
  await eventually(async () => {
    expect((await doctor('--json')).stdout)
      .to.contain('"id": "daemon"')
      .and.not.contain('nobody listens on');
  }, 15_000);
}

/** What other plugins left. */
export const otherPluginFaults: readonly Fault[] = [
  bySh({
    check: 'plugin-sockets',
    round: 'warnings',
    what: 'a socket that another plugin left behind',
    severity: 'warning',
    found: /^nobody listens on \/run\/docker\/plugins\/convoy\.sock, which is another plugin's$/,
    why: /^Docker waits 15 s/,
    remedy: /^start that plugin, or remove the file$/,
    breaking: `rm -f /run/docker/plugins/convoy.sock; perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "/run/docker/plugins/convoy.sock", Listen => 1)'`,
    reverting: 'rm /run/docker/plugins/convoy.sock',
  }),
  bySh({
    check: 'plugin-name',
    round: 'warnings',
    what: 'a file that names another place for our plugin',
    severity: 'warning',
    found: /^\/etc\/docker\/plugins\/routed\.spec defines a plugin with our name$/,
    why: /Docker uses that address instead$/,
    remedy: /^remove \/etc\/docker\/plugins\/routed\.spec/,
    breaking: 'mkdir -p /etc/docker/plugins; echo tcp://127.0.0.1:1 > /etc/docker/plugins/routed.spec',
    reverting: 'rm /etc/docker/plugins/routed.spec',
  }),
];

/** The plugin does not run. */
export const absenceFaults: readonly Fault[] = [
  {
    check: 'daemon',
    round: 'no plugin',
    what: 'a plugin that does not run',
    severity: 'broken',
    found: /^routed-plugin does not run \(nobody listens on \/run\/routed\/admin\.sock\)$/,
    why: /^running containers keep their network, but none can start/,
    remedy: /^start routed-plugin/,
    break: ({ plugin }) => plugin.stop('SIGKILL'),
    revert: (examined) => examined.startPlugin(),
  },
  {
    check: 'plugin-sockets',
    round: 'no plugin',
    fix: {
      batch: 'first',
      state: 'ls /run/docker/plugins/*.sock || true',
      fixed: /^$/,
      says: /^\/run\/docker\/plugins\/routed\.sock: removed$/,
      isForGood: true,
    },
    what: 'sockets that a killed plugin left behind',
    severity: 'broken',
    found: /^nobody listens on \/run\/docker\/plugins\/(net-|ipam-)?routed\.sock$/,
    why: /^Docker waits 15 s/,
    remedy: /^start routed-plugin, which recreates it; or remove the file$/,
    break: ({ plugin }) => plugin.stop('SIGKILL'),
    revert: nothing,
  },
  {
    check: 'plugin-sockets',
    what: 'a folder in the place of a socket of the running plugin',
    severity: 'broken',
    found: /^routed-plugin runs, but there is no \/run\/docker\/plugins\/routed\.sock$/,
    why: /Docker does not find the plugin/,
    remedy: /^restart routed-plugin/,
    // The plugin makes a socket anew whose file is gone, but takes nothing away that is not its own.
    break: (examined) => examined.sh('rm /run/docker/plugins/routed.sock && mkdir /run/docker/plugins/routed.sock'),
    revert: (examined) => examined.sh('rmdir /run/docker/plugins/routed.sock'),
  },
  {
    check: 'forward-chain',
    round: 'no plugin',
    what: 'a firewall that drops what containers send',
    severity: 'broken',
    found: /^iptables: the policy of FORWARD is DROP, and nothing calls ROUTED-FORWARD$/,
    why: /are silently dropped$/,
    remedy: /^start routed-plugin/,
    break: async ({ plugin, sh }: ExaminedHost): Promise<void> => {
      // It would make the rules again at once.
      await plugin.stop('SIGKILL');
      await sh('iptables -P FORWARD DROP; iptables -D FORWARD -j ROUTED-FORWARD 2>/dev/null || true');
    },
    revert: nothing,
  },
  {
    check: 'filters',
    round: 'no plugin',
    what: 'a firewall that was flushed while the plugin was away',
    severity: 'broken',
    found: /^nftables has no table inet routed$/,
    why: /allow lists and anti-spoofing are off/,
    remedy: /^start routed-plugin, which loads it at once/,
    break: async ({ plugin, sh }: ExaminedHost): Promise<void> => {
      await plugin.stop('SIGKILL');
      await sh('nft delete table inet routed 2>/dev/null || true');
    },
    revert: nothing,
  },
  {
    check: 'stale-links',
    round: 'no plugin',
    what: 'a link that an ended container left while the plugin was away',
    severity: 'warning',
    found: /^1 stale container links, such as vethr0123456789$/,
    why: /attract others' traffic$/,
    remedy: /^start routed-plugin, which deletes them$/,
    break: async ({ plugin, sh }: ExaminedHost): Promise<void> => {
      await plugin.stop('SIGKILL');
      await sh(`ip link add vethr0123456789 group 1919907188 type veth peer name vethc0123456789 2>/dev/null || true`);
    },
    // As the remedy says.
    revert: async (examined: ExaminedHost): Promise<void> => {
      await eventually(async () => {
        expect(await examined.sh('ip -br link')).to.not.contain('vethr0123456789');
      }, 10_000);
    },
  },
];

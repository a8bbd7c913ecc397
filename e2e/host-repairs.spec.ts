import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { routerClaim } from '../packages/netfilter/test/support/frames.ts';
import { askAdmin } from './support/admin.ts';
import { createNetwork, endpointIdOf, runIdle } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { median, medianOfThree } from './support/median.ts';
import { setStage } from './support/stage.ts';

const withinMs = 500;
const frameSender = new URL('../packages/netfilter/test/support/raw-frame.pl', import.meta.url).pathname;
/** How often rules are flushed beside churn, and how many links others make. */
const [FLUSHES, LINKS] = process.env['ROUTED_ATTACK'] === 'all' ? [50, 500] : [5, 50];
const LEDGER = '/var/lib/routed/host-settings.json';

if (ENGINES_IN_FULL.length > 0) {
  describe('what the plugin sees to on the host', () => {
    const stage = setStage({ plugin: 'none' });
    const sh = async (script: string): Promise<string> => (await stage.host.exec(['sh', '-ec', script])).stdout;
    let link: string;

    const ledger = async (): Promise<readonly { readonly key: string }[]> => {
      const text = await readFile(stage.host.outsidePath(LEDGER), 'utf8');
      return (JSON.parse(text) as { changed: { key: string }[] }).changed;
    };
    const problems = async (): Promise<readonly string[]> => {
      const { body } = await askAdmin(stage.host, 'GET', '/v1/status');
      return (body as { readonly problems: readonly string[] }).problems;
    };
    /** How long until the script prints `wanted`. */
    const timeUntil = async (script: string, wanted: RegExp, deadlineMs = 40_000): Promise<number> => {
      const started = performance.now();
      await eventually(async () => expect(await sh(`${script} 2>&1 || true`)).to.match(wanted), deadlineMs);
      return performance.now() - started;
    };

    before(async () => {
      const { host } = stage;
      // A disk of its own, to fill.
      await sh('mkdir -p /var/lib/routed; mount -t tmpfs -o size=16m none /var/lib/routed');
      await sh('ip -6 route add default via fe80::ff dev eth1; echo 1 > /proc/sys/net/ipv6/conf/eth1/accept_ra');
      stage.plugin = await host.startPlugin();
      await createNetwork(host, 'n', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await runIdle(host, 'web', '--network', 'n', '--ip', '10.1.0.2', '--ip6', 'fd00:1::2');
      link = `vethr${(await endpointIdOf(host, 'web', 'n')).slice(0, 10)}`;
    });

    const damages: readonly (readonly [what: string, damage: string, look: string, wanted: RegExp])[] = [
      ['IPv4 forwarding', 'sysctl -qw net.ipv4.ip_forward=0', 'sysctl -n net.ipv4.ip_forward', /^1$/m],
      [
        'IPv6 forwarding',
        'sysctl -qw net.ipv6.conf.all.forwarding=0',
        'sysctl -n net.ipv6.conf.all.forwarding',
        /^1$/m,
      ],
      [
        'the IPv6 gateway on the link of a container',
        'ip address delete fe80::1/64 dev LINK',
        'ip -6 address show dev LINK',
        /inet6 fe80::1\/64/,
      ],
      [
        'the IPv4 gateway',
        'ip address delete 169.254.1.1/32 dev lo',
        'ip address show dev lo',
        /inet 169\.254\.1\.1\/32/,
      ],
      [
        'an IPv4 route that another program replaced',
        'ip route replace 10.1.0.2/32 dev LINK proto static scope link',
        'ip -N route show 10.1.0.2/32',
        /proto 200/,
      ],
      [
        'an IPv6 route that another program replaced',
        'ip -6 route replace fd00:1::2/128 dev LINK proto static',
        'ip -6 -N route show fd00:1::2/128',
        /^(?=[^]*proto 200)(?![^]*proto 4)/,
      ],
    ];
    for (const [what, damage, look, wanted] of damages) {
      it(`brings back ${what} within half a second`, async () => {
        const ms = await medianOfThree(async () => {
          await sh(damage.replaceAll('LINK', link));
          return await timeUntil(look.replaceAll('LINK', link), wanted);
        });

        expect(ms).to.be.lessThan(withinMs);
      });
    }

    it('leaves links of others as they are: whoever is behind one cannot be the default router', async () => {
      await sh(
        'ip netns add evil; ip link add pv0 type veth peer name pv1 netns evil; ip link set pv0 up;' +
          'ip netns exec evil ip link set pv1 up; echo 1 > /proc/sys/net/ipv6/conf/pv0/accept_ra',
      );
      const advertise = async (): Promise<string> => {
        const mac = (await sh('ip netns exec evil cat /sys/class/net/pv1/address')).trim();
        await sh(`ip netns exec evil perl ${frameSender} pv1 ${routerClaim(mac, 'fe80::bad')}`);
        await sleep(100);
        return await sh('ip -6 route show default dev pv0');
      };
      await sh('nft flush ruleset');
      await timeUntil('nft list ruleset', /ROUTED-FORWARD/);

      const value = (await sh('cat /proc/sys/net/ipv6/conf/pv0/accept_ra')).trim();
      const route = await advertise();
      await sh('echo 2 > /proc/sys/net/ipv6/conf/pv0/accept_ra; sleep 1');
      const control = await advertise();

      expect({ value, route }).to.deep.equal({ value: '1', route: '' });
      expect(control, 'the advertisement is one').to.contain('fe80::bad');
      expect((await sh('cat /proc/sys/net/ipv6/conf/eth1/accept_ra')).trim()).to.equal('2');
      await sh('ip link delete pv0; ip netns delete evil');
    });

    it('remembers nothing of them, however many come', async () => {
      const before = await ledger();
      const script = `for i in $(seq ${LINKS}); do echo link add pv$i type veth peer name pw$i; done | ip -batch -`;

      await sh(script);
      await sh('nft flush ruleset');
      await timeUntil('nft list ruleset', /ROUTED-FORWARD/);

      expect(await ledger()).to.deep.equal(before);
      expect(before.map(({ key }) => key)).to.include('net/ipv6/conf/eth1/accept_ra');
      await sh(`for i in $(seq ${LINKS}); do echo link delete pv$i; done | ip -batch -`);
    });

    it(`has its rules again within half a second, ${FLUSHES} times while links come and go`, async function () {
      this.timeout(400_000);
      const churn = await stage.host.spawn(
        [
          'sh',
          '-c',
          'while :; do for i in 1 2 3 4; do ip link add ch$i type veth peer name ci$i; done; for i in 1 2 3 4; do ip link delete ch$i; done; done',
        ],
        { name: 'churn' },
      );
      const times: number[] = [];
      for (let flush = 0; flush < FLUSHES; flush++) {
        await sh('nft flush ruleset');
        times.push(await timeUntil('nft list chain inet routed from_container; iptables -S', /-j ROUTED-FORWARD/));
        await sleep(400);
      }
      await churn.stop('SIGKILL');

      console.log(`        ${times.map((ms) => ms.toFixed(0)).join(' ')} ms`);
      expect(median(times)).to.be.lessThan(withinMs);
    });

    it('goes on to repair while the state cannot be written, and status says so', async () => {
      await sh(
        'dd if=/dev/zero of=/var/lib/routed/filler bs=64k 2>/dev/null || true; dd if=/dev/zero of=/var/lib/routed/rest bs=1 2>/dev/null || true',
      );
      await sh('ip link add eth7 type veth peer name far7; ip link set eth7 up; ip link set far7 up');
      await sh(
        'echo 1 > /proc/sys/net/ipv6/conf/eth7/accept_ra; ip -6 route add default via fe80::fe dev eth7 metric 2048',
      );

      await timeUntil('cat /proc/sys/net/ipv6/conf/eth7/accept_ra', /^2$/m, 5_000);
      const ms = await medianOfThree(async () => {
        await sh('nft flush ruleset');
        return await timeUntil('nft list ruleset', /ROUTED-FORWARD/);
      });

      expect(ms).to.be.lessThan(withinMs);
      expect((await problems()).join()).to.match(/could not save the previous kernel settings \(ENOSPC.*free space/);
      await sh('rm /var/lib/routed/filler /var/lib/routed/rest; nft flush ruleset');
      await eventually(async () => expect(await problems()).to.deep.equal([]));
      expect((await ledger()).map(({ key }) => key)).to.include('net/ipv6/conf/eth7/accept_ra');
      await sh('ip link delete eth7');
    });
  });
}

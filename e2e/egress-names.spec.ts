import { expect } from 'chai';
import type { LabProcess } from '@routed/lab';
import { createNetwork, inspect, runIdle, untilServed, webServer } from './support/containers.ts';
import { OLDEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

const [app, friend, resolver, otherResolver] = ['10.1.0.2', '10.1.0.3', '10.1.0.53', '10.1.0.54'] as const;
/** Addresses that the outside world might have: those of the test network TEST-NET-2, RFC 5737. */
const WORLD = '198.51.100.0/24';
const worldAddress = (index: number): string => `198.51.100.${index + 1}`;
/** Names that nobody asked for before: each has an address of its own. */
const FRESH = 200;
/** Those of {@link FRESH}, and five with a part in the story. */
const [ALIAS, MARK, TCP, LATER, UNLISTED] = [200, 201, 202, 203, 204] as const;

for (const engine of OLDEST_OR_EACH) {
  describe(`where a container may go by name (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const servers: LabProcess[] = [];

    /** Serves DNS in the network namespace of a container, as a resolver of the site does. */
    const serveDns = async (container: string, address: string): Promise<void> => {
      const pid = await inspect(stage.host, container, '{{.State.Pid}}');
      const records = Array.from(
        { length: FRESH },
        (_, index) => `--host-record=n${index}.example.org,${worldAddress(index)}`,
      );
      const fixed = {
        'real.example.net': worldAddress(ALIAS),
        'mark.example.com': worldAddress(MARK),
        'tcp.example.com': worldAddress(TCP),
        'later.example.com': worldAddress(LATER),
        'unlisted.example.net': worldAddress(UNLISTED),
        'rebound.example.com': friend,
      };
      records.push(...Object.entries(fixed).map(([name, value]) => `--host-record=${name},${value}`));
      const argv = [
        'dnsmasq',
        '--keep-in-foreground',
        '--conf-file=/dev/null',
        '--no-resolv',
        '--no-hosts',
        '--user=root',
      ];
      const where = ['--pid-file=', '--bind-interfaces', `--listen-address=${address}`, '--local-ttl=60'];
      const alias = '--cname=alias.example.com,real.example.net';
      servers.push(
        await stage.host.spawn(['nsenter', `--net=/proc/${pid}/ns/net`, ...argv, ...where, alias, ...records], {
          name: `dns-${container}`,
        }),
      );
    };
    const run = async (container: string, script: string): Promise<string> =>
      (await stage.host.tryDocker('exec', container, 'sh', '-c', script)).stdout.trim();
    /** What a container is told when it fetches from a name, or an address. */
    const fetch = (host: string, container = 'app'): Promise<string> =>
      run(container, `busybox timeout 5 busybox wget -q -O - http://${host}/cgi-bin/who 2>&1 | tail -1`);
    const egress = async (line: string): Promise<string> => {
      const { stdout, stderr, exitCode } = await type(stage.host, `routed-plugin egress ${line}`);
      expect({ exitCode, stderr }, line).to.deep.equal({ exitCode: 0, stderr: '' });
      return stdout;
    };

    before(async () => {
      await createNetwork(stage.host, 'apps', '10.1.0.0/16', '-o', `routed.dns=${resolver}`);
      await createNetwork(stage.host, 'world', WORLD);
      const more = Array.from({ length: UNLISTED }, (_, index) => worldAddress(index + 1)).join('+');
      const addresses = `driver-opt=routed.addresses=${more}`;
      const world = ['--name', 'world', '--network', `name=world,ip=${worldAddress(0)},${addresses}`];
      await stage.host.docker('run', '--detach', ...world, ...webServer);
      await stage.host.docker('run', '--detach', '--name', 'friend', '--network', 'apps', '--ip', friend, ...webServer);
      for (const [name, address] of Object.entries({ resolver, other: otherResolver })) {
        await runIdle(stage.host, name, '--network', 'apps', '--ip', address);
        await serveDns(name, address);
      }
      for (const address of [worldAddress(0), worldAddress(UNLISTED), friend]) await untilServed(stage.host, address);
      const list =
        'mark.example.com:80 *.example.org:80-81/tcp alias.example.com tcp.example.com:80 rebound.example.com';
      const option = `driver-opt=routed.egress=${list.replaceAll(' ', '+')}`;
      await runIdle(stage.host, 'app', '--dns', resolver, '--network', `name=apps,ip=${app},${option}`);
      await runIdle(stage.host, 'free', '--dns', resolver, '--network', 'apps');
      const open = 'driver-opt=routed.egress=mark.example.com:80,driver-opt=routed.egress-when-away=open';
      await runIdle(stage.host, 'loose', '--dns', resolver, '--network', `name=apps,${open}`);
      await eventually(async () => expect(await fetch('mark.example.com')).to.contain(app));
    });
    after(async () => {
      for (const server of servers) await server.stop();
    });

    it(`is open at the first attempt, to each of ${FRESH} names that nobody asked for before`, async () => {
      const script = `for i in $(seq 0 ${FRESH - 1}); do busybox wget -q -O /dev/null http://n$i.example.org/cgi-bin/who || echo $i; done`;

      expect(await run('app', script)).to.equal('');
    });

    it('follows other names of a name', async () => {
      expect(await fetch('alias.example.com')).to.contain(app);
    });

    it('refuses at once what is listed by no name, and addresses that no answer named', async () => {
      for (const host of ['unlisted.example.net', worldAddress(UNLISTED), worldAddress(LATER)]) {
        expect(await fetch(host), host).to.contain('Connection refused');
        expect(await fetch(host, 'free'), host).not.to.contain('refused');
      }
    });

    it('refuses a private address that a public name has', async () => {
      expect(await fetch('rebound.example.com', 'free')).not.to.contain('refused');

      expect(await fetch('rebound.example.com')).to.contain('Connection refused');
      expect((await stage.plugin.log()).includes('a listed name has an address that stays closed')).to.equal(true);
    });

    it('refuses other name servers', async () => {
      const ask = (container: string): Promise<string> =>
        run(container, `busybox timeout 3 busybox nslookup tcp.example.com ${otherResolver} 2>&1`);

      expect(await ask('free')).to.contain(worldAddress(TCP));
      expect(await ask('app')).not.to.contain(worldAddress(TCP));
    });

    it('is told, with the name that led there', async () => {
      const shown = JSON.parse(await egress(`test app ${worldAddress(MARK)}:80 --json`)) as [{ because: string }];

      expect(shown[0].because).to.equal('mark.example.com, by entry mark.example.com:80/tcp');
    });

    it('is told of what was refused, too', async () => {
      expect(await fetch('unlisted.example.net')).to.contain('Connection refused');

      await eventually(async () => {
        const { stdout } = await type(stage.host, 'routed-plugin refused app');
        expect(stdout).to.contain(
          `${app} -> ${worldAddress(UNLISTED)} (unlisted.example.net) port 80/tcp: not in routed`,
        );
      });
      const { stdout } = await type(stage.host, `routed-plugin why ${worldAddress(UNLISTED)} --from app --port 80/tcp`);
      expect(stdout).to.contain('no entry allows it, which is unlisted.example.net to the container');
    });

    it('knows answers over TCP', async () => {
      const pid = await inspect(stage.host, 'app', '{{.State.Pid}}');
      const script = `${import.meta.dirname}/support/ask-by-tcp.pl`;
      expect(await fetch(worldAddress(TCP))).to.contain('Connection refused');

      const asked = [
        'nsenter',
        `--net=/proc/${pid}/ns/net`,
        'perl',
        script,
        resolver,
        'tcp.example.com',
        worldAddress(TCP),
      ];
      const { stdout } = await stage.host.exec(asked);

      expect(stdout.trim()).to.equal('connected');
    });

    it('changes while it runs: what is still listed stays open, and the rest ends', async () => {
      await egress('set app "mark.example.com:80 later.example.com"');

      expect(await fetch(worldAddress(MARK))).to.contain(app);
      expect(await fetch(worldAddress(TCP))).to.contain('Connection refused');
      expect(await fetch('later.example.com')).to.contain(app);
    });

    it('holds while the plugin is away, with nothing new, unless it is to be open then; and goes on when it is back', async () => {
      await egress('set app "mark.example.com:80 *.example.org"');
      await eventually(async () =>
        expect(await fetch(worldAddress(UNLISTED), 'loose')).to.contain('Connection refused'),
      );
      await stage.plugin.stop('SIGKILL');

      expect(await fetch('mark.example.com')).to.contain(app);
      expect(await fetch('n7.example.org')).to.contain('Connection refused');
      await eventually(
        async () => expect(await fetch(worldAddress(UNLISTED), 'loose')).not.to.contain('refused'),
        30_000,
      );
      expect(await fetch(worldAddress(UNLISTED))).to.contain('Connection refused');
      stage.plugin = await stage.host.startPlugin();

      await eventually(async () => expect(await fetch('n7.example.org')).to.contain(app));
      expect(await fetch('mark.example.com')).to.contain(app);
      await eventually(async () =>
        expect(await fetch(worldAddress(UNLISTED), 'loose')).to.contain('Connection refused'),
      );
      expect(await fetch('mark.example.com', 'loose')).not.to.contain('refused');
    });

    it('is put back when somebody flushes the firewall', async () => {
      await stage.host.exec(['nft', 'flush', 'ruleset']);

      await eventually(async () => expect(await fetch(worldAddress(MARK))).to.contain(app));
      await eventually(async () => expect(await fetch('n8.example.org')).to.contain(app));
      expect(await fetch(worldAddress(UNLISTED))).to.contain('Connection refused');
    });

    it('is put back, and told, when somebody flushes the rules of iptables that hand DNS over', async () => {
      const countRepairs = async (): Promise<number> => {
        const { stdout } = await type(stage.host, 'routed-plugin events');
        return stdout.split('rules that filter what containers send and get: another program changed').length;
      };
      const before = await countRepairs();

      await stage.host.exec(['sh', '-c', 'iptables -t mangle -F; ip6tables -t mangle -F']);

      await eventually(async () => expect(await fetch('n9.example.org')).to.contain(app));
      // Where nftables itself hands DNS over, there are none.
      const { stdout } = await type(stage.host, 'routed-plugin status --json');
      const { filtering } = JSON.parse(stdout) as {
        filtering: { names: { way: string; links: number } };
      };
      expect(filtering.names.links).to.equal(2);
      if (filtering.names.way === 'iptables') {
        await eventually(async () => expect(await countRepairs()).to.be.above(before));
      }
    });
  });
}

import type { LabProcess } from '@routed/lab';
import type { Overview } from '@routed/web';
import { expect } from 'chai';
import { createNetwork, endpointIdOf, runIdle } from './support/containers.ts';
import { eventually } from './support/eventually.ts';
import { start, type, typeOnTerminal } from './support/shell.ts';
import { setStage } from './support/stage.ts';

describe('looking at the plugin', () => {
  const flags = ['--metrics-port', '9273', '--metrics-per-address', '--metrics-router', '--web', '127.0.0.1:9274'];
  const stage = setStage({ plugin: { flags } });

  const command = async (line: string, exitCode = 0): Promise<string> => {
    const result = await type(stage.host, `routed-plugin ${line}`);
    expect({ exitCode: result.exitCode, stderr: result.stderr }, line).to.deep.equal({ exitCode, stderr: '' });
    return result.stdout;
  };
  const get = async (path: string): Promise<string> =>
    (await stage.host.exec(['curl', '--silent', '--fail', `http://127.0.0.1:9273${path}`])).stdout;

  before(async () => {
    await createNetwork(stage.host, 'apps', '10.1.0.0/16');
    const network = 'name=apps,ip=10.1.0.2,driver-opt=routed.addresses=10.1.0.3';
    await runIdle(stage.host, 'web', '--network', network);
  });

  it('shows networks and endpoints, for people and for programs', async () => {
    const text = await command('status');
    const json = JSON.parse(await command('status --json')) as { endpoints: { addresses: string[] }[] };

    expect(text).to.match(/^apps +10\.1\.0\.0\/16 +2 +65534 +169\.254\.1\.1 +1500 +1$/m);
    expect(text).to.match(/^[0-9a-f]{12} +web +10\.1\.0\.2 10\.1\.0\.3 +vethr[0-9a-f]{10} +joined$/m);
    expect(json.endpoints[0]?.addresses).to.deep.equal(['10.1.0.2', '10.1.0.3']);
  });

  it('walks an address to where it breaks', async () => {
    expect(await command('why 10.1.0.2')).to.match(/^route +ok +10\.1\.0\.2\/32 dev vethr/m);
    const free = await command('why 10.1.0.77');
    expect(free).to.match(/^lease +ok +nobody has it: it is free in \S+10\.1\.0\.0\/16, of network apps$/m);
    expect(free).to.not.contain('BROKEN');

    const pid = await stage.host.docker('inspect', '--format', '{{.State.Pid}}', 'web');
    const inside = ['nsenter', '--net', '--target', pid];
    // A round of the reconciler may put it back before the command looks.
    await eventually(async () => {
      await stage.host.exec([...inside, 'ip', 'address', 'flush', 'dev', 'eth0', 'to', '10.1.0.3']);

      expect(await command('why 10.1.0.3', 1)).to.contain(
        'It breaks at the sandbox: the container does not have 10.1.0.3',
      );
    });
  });

  it('has a page, on a port and on the admin socket', async () => {
    const page = async (path: string, ...more: readonly string[]): Promise<string> =>
      (await stage.host.exec(['curl', '--silent', '--fail', ...more, path])).stdout;
    const overviewPath = ['--unix-socket', '/run/routed/admin.sock'] as const;
    const story = await page('http://127.0.0.1:9274/api/addresses/10.1.0.2');

    expect(await page('http://127.0.0.1:9274/')).to.contain('<script type="module" src="client/main.js">');
    expect(JSON.parse(story)).to.have.nested.property('stages[0].state', 'ok');
    expect(JSON.parse(story)).to.have.property('traffic');
    await eventually(async () => {
      const overview = JSON.parse(await page('http://localhost/web/api/overview', ...overviewPath)) as Overview;

      // Docker was asked for the name, another process has examined the host, and the uplink was measured twice.
      expect(overview.networks[0]?.sample).to.deep.include({
        ...{ name: 'web', addresses: ['10.1.0.2', '10.1.0.3'], state: 'announced' },
      });
      expect(overview.examination.state).to.equal('done');
      expect(overview.uplinks.map(({ name }) => name)).to.include('eth1');
      expect(overview.latencies.find(({ name }) => name === 'Join')?.count).to.be.at.least(1);
    });
  });

  it('tells what happened, and what happens', async () => {
    const followed = await start(stage.host, 'routed-plugin events --follow', 'events');
    const endpointId = await endpointIdOf(stage.host, 'web', 'apps');
    const link = `vethr${endpointId.slice(0, 10)}`;
    await eventually(async () => {
      expect(await followed.log()).to.contain('its container joins the network');
    });

    await stage.host.exec(['ip', 'route', 'del', '10.1.0.2/32', 'dev', link]);

    await eventually(async () => {
      expect(await followed.log()).to.match(/repaired +10\.1\.0\.2 .*add-route/);
    });
    await followed.stop();
    expect(await command('events 10.1.0.2')).to.match(/leased .*\n.*announced .*\n(.*\n)*.*repaired /);
  });

  it('has metrics and health checks on loopback', async () => {
    const metrics = await get('/metrics');

    expect(metrics).to.match(/^routed_plugin_call_seconds_count\{method="NetworkDriver\.Join",outcome="ok"\} 1$/m);
    expect(metrics).to.contain('routed_repairs_total{kind="add-route"} 1');
    expect(metrics).to.contain('routed_pool_leases{pool="routed-local/10.1.0.0/16",network="apps"} 2');
    // No router runs here.
    expect(metrics)
      .to.contain('# TYPE routed_router_neighbor_up gauge')
      .and.not.to.contain('routed_router_neighbor_up{');
    expect(JSON.parse(await get('/readyz'))).to.deep.equal({ status: 'ready' });
    expect(JSON.parse(await get('/healthz'))).to.deep.equal({ status: 'ok' });
  });

  it('tries itself with packets, and takes everything away', async function () {
    // Four selftests, each some seconds on an idle machine.
    this.timeout(300_000);
    const { host } = stage;
    interface Selftest {
      readonly isWell: boolean;
      readonly checks: readonly { readonly id: string; readonly state: string; readonly detail: string }[];
    }
    const selftest = async (options: string, exitCode = 0): Promise<Selftest> => {
      const result = await type(host, `routed-plugin selftest --json ${options}`);
      expect(result.exitCode, result.stdout + result.stderr).to.equal(exitCode);
      return JSON.parse(result.stdout) as Selftest;
    };
    const left = async (): Promise<{ networks: number; pools: number; endpoints: number }> => {
      const status = JSON.parse(await command('status --json')) as Record<
        'networks' | 'pools' | 'endpoints',
        unknown[]
      >;
      return { networks: status.networks.length, pools: status.pools.length, endpoints: status.endpoints.length };
    };
    const before = await left();
    const underWay = async (name: string): Promise<LabProcess> => {
      const selftest = await start(host, 'routed-plugin selftest', name);
      await eventually(async () => {
        expect(await selftest.log()).to.contain('IPv4 between two containers');
      }, 60_000);
      return selftest;
    };

    // Killed with both of its ends, it can take nothing away: the next one does, and the daemon itself a minute later.
    const all = await underWay('selftest-and-ends');
    await host.exec(['sh', '-c', 'kill -KILL $(pgrep --full "[s]elftest")']);
    await all.exited;
    expect((await left()).networks).to.equal(before.networks + 1);
    const { checks } = await selftest('');
    expect(await left()).to.deep.equal(before);
    const plain = 'ipv4 ipv6 host mtu table spoof additional ingress egress names limit leave';
    expect(checks.map(({ id, state }) => `${id} ${state}`)).to.deep.equal(plain.split(' ').map((id) => `${id} pass`));
    await host.exec(['iptables', '-I', 'FORWARD', '-i', 'vethr+', '-j', 'DROP']);
    const broken = await selftest('--network apps', 1);
    await host.exec(['iptables', '-D', 'FORWARD', '-i', 'vethr+', '-j', 'DROP']);
    expect(broken.checks.map(({ id, state }) => `${id} ${state}`).join(', ')).to.equal(
      'ipv4 fail, table pass, router pass, leave pass',
    );

    const killed = await underWay('selftest');
    expect(await killed.stop('SIGKILL')).to.equal(137);
    await eventually(async () => {
      expect(await left()).to.deep.equal(before);
    }, 60_000);
  });

  it('shows what containers send and get', async () => {
    const { host } = stage;
    const pings = await host.spawn(['ping', '-i', '0.05', '10.1.0.2'], { name: 'pings' });
    interface Top {
      readonly containers: readonly { readonly container: string; readonly inPacketsPerSec: number }[];
    }

    await eventually(async () => {
      const { containers } = JSON.parse(await command('top --json --interval 0.5')) as Top;
      expect(containers.map(({ container }) => container)).to.deep.equal(['web']);
      expect(containers[0]?.inPacketsPerSec).to.be.greaterThan(2);
    });

    expect(await command('top --network apps --interval 0.1')).to.match(
      /^CONTAINER +NETWORK +ADDRESS +IN BIT\/S\* .*\nweb +apps +10\.1\.0\.2 \+1 +\S+ +\S+ +\S+ +0 +-$/m,
    );
    const shown = await typeOnTerminal(host, 'routed-plugin top --interval 0.1', 'nq');
    expect({ exitCode: shown.exitCode, shown: shown.stdout }).to.include({ exitCode: 0 });
    expect(shown.stdout).to.contain('CONTAINER*');
    await pings.stop();
  });

  it('writes what support needs to one file', async () => {
    const { host } = stage;
    const file = '/run/bundle.tar.gz';
    const read = async (name: string): Promise<string> =>
      (await host.exec(['tar', '-xzOf', file, '--wildcards', `*/${name}`])).stdout;
    await host.exec(['sh', '-c', 'echo "ROUTED_X_TOKEN=hunter2" > /etc/default/routed']);

    const { files } = JSON.parse(await command(`bundle --output ${file} --json`)) as {
      readonly files: readonly { readonly name: string; readonly missing?: string }[];
    };

    const there = files.flatMap(({ name, missing }) => (missing === undefined ? [name] : []));
    expect(there).to.include.members([
      ...['versions.txt', 'status.json', 'doctor.json', 'events.jsonl', 'metrics.txt', 'docker/version.json'],
      ...['docker/networks.json', 'options/defaults.txt', 'options/process.txt', 'kernel/network.json'],
      ...['kernel/nft-routed.txt', 'kernel/iptables.txt'],
    ]);
    expect(await read('status.json')).to.contain('"container": "web"');
    expect(await read('kernel/network.json')).to.contain('10.1.0.2/32');
    expect(await read('options/defaults.txt')).to.equal('ROUTED_X_TOKEN=[removed]\n');
    expect((await host.exec(['sh', '-c', `zcat ${file}`])).stdout).not.to.contain('hunter2');
    await host.exec(['rm', file, '/etc/default/routed']);

    // With the daemon away, support needs it most: the rest is there, and why each thing is missing.
    const without = JSON.parse(await command(`bundle --output ${file} --admin-socket /run/away.sock --json`)) as {
      readonly files: readonly { readonly name: string; readonly missing?: string }[];
    };
    const missing = new Map(without.files.map(({ name, missing }) => [name, missing]));
    expect(missing.get('status.json')).to.contain('routed-plugin does not answer at /run/away.sock (ENOENT)');
    expect(missing.get('metrics.txt')).to.contain('ENOENT');
    for (const name of [
      'versions.txt',
      'doctor.json',
      'docker/networks.json',
      'kernel/network.json',
      'kernel/nft-routed.txt',
    ])
      expect(missing.get(name), name).to.equal(undefined);
    expect(await read('doctor.json')).to.contain('/run/away.sock');
    await host.exec(['rm', file]);
  });

  it('tells of a drain the same everywhere: its reason, its end, and the connections left', async () => {
    const { host } = stage;
    const address = '10.1.0.9';
    const server = ['alpine', 'nc', '-ll', '-p', '7', '-e', 'cat'];
    await host.docker('run', '--detach', '--name', 'served', '--network', 'apps', '--ip', address, ...server);
    const open = `for (1 .. 50) { last if $s = IO::Socket::INET->new("${address}:7"); select undef, undef, undef, 0.1 } $s or die; sleep 600`;
    const client = await host.spawn(['perl', '-MIO::Socket::INET', '-e', open], { name: 'client' });
    const counted = async (): Promise<string[]> => (await get('/metrics')).split('\n');
    await eventually(async () => {
      const established = await host.exec(['ss', '-Htn', 'state', 'established', 'dst', address]);
      expect(established.stdout).not.to.equal('');
    }, 10_000);

    await command('drain served');

    await eventually(async () => {
      expect(await counted()).to.include.members([
        'routed_endpoints{policy="always",state="withdrawn",reason="draining"} 1',
        'routed_draining 1',
        'routed_drain_connections_left 1',
        'routed_drains_total{kind="endpoint",event="begun"} 1',
        `routed_address_announced{address="${address}",network="apps",container="served"} 0`,
      ]);
    }, 5_000);
    expect(await command('address list')).to.match(
      /^10\.1\.0\.9 +served +apps +docker +active +always +no: draining +20\S+Z$/m,
    );
    const why = await command(`why ${address}`, 1);
    expect(why).to.match(/^route +ok +10\.1\.0\.9\/32 dev vethr\S+ proto 200, table 7200, which routers do not/m);
    expect(why).to.match(
      /It breaks at the announcement: not announced since 20\S+Z \(routed\.announce=always\): an operator drains its container; until routed-plugin undrain; others have 1 connection to it/,
    );
    const events = await command(`events ${address}`);
    expect(events).to.match(/ordered +10\.1\.0\.9 \(served on apps\): an operator: routed-plugin drain\n/);
    expect(events).to.match(/withdrawn +10\.1\.0\.9 \(served on apps\): draining\n/);
    await client.stop();
    await command('undrain served');
    expect(await counted()).to.include.members([
      'routed_draining 0',
      'routed_drain_connections_left 0',
      'routed_drains_total{kind="endpoint",event="ended"} 1',
      `routed_address_announced{address="${address}",network="apps",container="served"} 1`,
    ]);
    expect(await command('status')).to.match(/ served +10\.1\.0\.9 +vethr\S+ +joined$/m);
    await host.docker('rm', '--force', 'served');
  });

  it('says that published ports have no effect, and why a bridge has no address of routed', async () => {
    const { host } = stage;
    await host.docker(
      'run',
      '--detach',
      '--name',
      'public',
      '--publish',
      '8080:80',
      '--network',
      'apps',
      'alpine',
      'nc',
      '-lp',
      '80',
    );
    const crossed = [
      '--driver',
      'bridge',
      '--ipam-driver',
      'routed',
      '--subnet',
      '10.8.0.0/24',
      '--gateway',
      '10.8.0.1',
    ];
    await host.docker('network', 'create', ...crossed, 'crossed');

    const refused = await host.tryDocker('run', '--rm', '--network', 'crossed', 'alpine', 'true');

    expect(refused.stderr).to.contain('subnet 10.8.0.0/24 belongs to no routed network');
    expect(refused.stderr).to.contain('create it with --driver routed --ipam-driver routed');
    const says =
      /--publish 8080:80\/tcp has no effect on a routed network: clients connect to 10\.1\.\d+\.\d+ and the container's own port/;
    await eventually(async () => {
      expect(await command('status')).to.match(new RegExp(`^NOTE {2}public: ${says.source}$`, 'm'));
    }, 10_000);
    const events = await command('events --since 10m --container public --network apps');
    expect(events).to.match(new RegExp(`ignored +\\S+ \\(public on apps\\): ${says.source}`));
    expect(await command('events --container nobody')).to.equal('');
    await host.docker('network', 'rm', 'crossed');
    await host.docker('rm', '--force', 'public');
  });

  it('measures how soon a withdrawal follows from what Docker tells', async () => {
    const { host } = stage;
    await createNetwork(host, 'by-state', '10.2.0.0/16', '-o', 'routed.announce=running');
    await runIdle(host, 'paused', '--network', 'by-state', '--ip', '10.2.0.2');
    await eventually(async () => {
      expect(await command('status')).to.match(/ paused +10\.2\.0\.2 +vethr\S+ +joined, announced: running, since 20/);
    }, 10_000);

    await host.docker('pause', 'paused');

    await eventually(async () => {
      expect(await get('/metrics')).to.contain('routed_withdraw_seconds_count 1');
    }, 5_000);
    expect(await get('/metrics')).to.contain('routed_withdraw_seconds_bucket{le="1"} 1');
    expect(await command('why 10.2.0.2', 1)).to.contain('its container is paused; until docker unpause');
    await host.docker('unpause', 'paused');
    await host.docker('rm', '--force', 'paused');
  });

  it('tells when an address goes to another container, also after a restart of the plugin', async () => {
    const own = '10.1.0.66';
    await runIdle(stage.host, 'former', '--network', 'apps', '--ip', own);
    const knows = async (): Promise<string> => command(`events ${own}`);
    // It is asked for two seconds after the start.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await stage.host.docker('rm', '--force', 'former');
    await stage.plugin.stop('SIGTERM');
    stage.plugin = await stage.host.startPlugin({ flags });

    await runIdle(stage.host, 'next', '--network', 'apps', '--ip', own);

    await eventually(async () => {
      expect(await knows()).to.match(/moved .*: container next has it now; container former had it last/);
    }, 10_000);
    await stage.host.docker('rm', '--force', 'next');
  });
});

import { readdir, rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '@routed/lab';
import type { Overview } from '@routed/web';
import { expect } from 'chai';
import { codeBlocks } from '../../tools/documentation/markdown.ts';
import { linesOf } from '../documentation/lines.ts';
import { eventually } from '../support/eventually.ts';
import { openMachine, type Machine } from './support/machine.ts';

const repository = join(import.meta.dirname, '../..');
const networks = 20;
const containers = 6;
const sockets = 'routed.socket routed-network.socket routed-ipam.socket routed-admin.socket';
const network = 'docker network create -d routed --ipam-driver routed';

describe('the Debian package', function () {
  this.timeout(600_000);
  let directory: string;
  let packages: string[];
  let machine: Machine;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-deb-'));
    await runCommand([join(repository, 'tools/build-deb'), directory], { timeoutMs: 500_000 });
    packages = (await readdir(directory)).sort();
    machine = await openMachine();
    for (const file of packages) await machine.put(join(directory, file));
  });
  after(async () => {
    await machine.close();
    await rm(directory, { recursive: true });
  });

  it('is clean for lintian', async () => {
    const files = packages.map((file) => join(directory, file));

    const { stdout } = await runCommand(['lintian', '--allow-root', '--fail-on', 'none', ...files], {
      timeoutMs: 300_000,
    });

    expect(stdout).to.equal('');
  });

  it('is installed, and runs at once as a service whose sockets systemd holds', async () => {
    const lines = linesOf('docs/install.md').filter(({ comment }) => comment.startsWith('Debian 12'));
    expect(lines).to.have.lengthOf(1);
    for (const { text } of lines) await machine.sh(`cd /root && ${text}`);

    const active = await machine.sh(`systemctl is-active routed.service ${sockets}`);
    expect(active.split('\n')).to.deep.equal(['active', 'active', 'active', 'active', 'active']);
    expect(await machine.sh('ls -1 /run/docker/plugins')).to.equal('ipam-routed.sock\nnet-routed.sock\nrouted.sock');
    expect(await machine.sh('systemctl is-enabled routed.service routed.socket')).to.equal('enabled\nenabled');
  });

  it('has one version, wherever it is told', async () => {
    const version = await machine.sh("dpkg-query --show --showformat '${Version}' routed");

    expect(version).to.match(/^\d+\.\d+\.\d+(\+git\d{14}\.[0-9a-f]{7})?$/);
    expect(await machine.sh('routed-plugin --version; quagga-config --version')).to.equal(`${version}\n${version}`);
    const socket = machine.outsidePath('/run/routed/admin.sock');
    const { stdout } = await runCommand(['curl', '--silent', '--unix-socket', socket, 'http://localhost/metrics']);
    expect(stdout).to.contain(`routed_build_info{version="${version}"`);
  });

  it('names our sources in stack traces, when Node.js is asked to', async () => {
    // What the program says first is how it came to say it.
    const hook = 'process.stdout.write = () => { process.stderr.write(new Error().stack); process.exit(); };';
    await machine.sh(`echo '${hook}' >/root/trace.cjs`);

    const { stderr } = await machine.try(
      "NODE_OPTIONS='--enable-source-maps --require /root/trace.cjs' routed-plugin --version",
    );

    expect(stderr).to.match(/\/packages\/daemon\/src\/cli\/run\.ts:\d+:\d+/);
  });

  it('has pages, dashboard, alert rules, examples, and what shells complete both programs from', async () => {
    const docs = '/usr/share/doc/routed';
    const files = [
      `${docs}/README.md ${docs}/docs/operations.md ${docs}/docs/grafana/routed.json ${docs}/docs/grafana/alerts.yaml`,
      `${docs}/examples/compose/docker-compose.yml /usr/share/man/man1/quagga-config-apply.1.gz`,
      '/usr/share/bash-completion/completions/quagga-config /usr/share/zsh/vendor-completions/_quagga-config',
    ];

    expect((await machine.try(`ls ${files.join(' ')}`)).stderr).to.equal('');
  });

  it('runs containers inside of its sandbox, with forwarding between them', async () => {
    await machine.sh(`${network} --subnet 10.1.0.0/16 --ipv6 --subnet fd00:1::/64 apps`);
    await machine.sh('docker run -d --name web --network apps --ip 10.1.0.2 --restart always alpine sleep 1000000');

    const pings = await machine.sh('docker run --rm --network apps alpine ping -c 1 10.1.0.2');

    expect(pings).to.contain('1 packets received');
  });

  it('gives a container more addresses, and filters who may enter', async () => {
    const options = 'driver-opt=routed.addresses=10.1.0.4,driver-opt=routed.ingress=none';
    await machine.sh(`docker run -d --name closed --network name=apps,ip=10.1.0.3,${options} alpine sleep 1000000`);

    expect(await machine.sh('docker exec closed ip -o address')).to.contain('10.1.0.4/32');
    const { exitCode, stdout } = await machine.try('docker exec web ping -c 1 -W 1 10.1.0.3');
    expect(exitCode, stdout).to.equal(1);
    expect(await machine.sh('routed-plugin address list')).to.contain('closed');
    await machine.sh('docker rm --force closed');
  });

  it('answers commands right after a restart', async () => {
    expect(await machine.sh('systemctl restart routed && routed-plugin status')).to.contain('web');
  });

  it('serves the page on the socket of commands, with its script in one file', async () => {
    const page = async (path: string): Promise<string> => {
      const socket = machine.outsidePath('/run/routed/admin.sock');
      const argv = ['curl', '--silent', '--fail', '--unix-socket', socket, `http://localhost/web/${path}`];
      return (await runCommand(argv)).stdout;
    };

    expect(await page('')).to.contain('<script type="module" src="client/main.js">');
    expect(await page('client/main.js'))
      .to.have.length.above(10_000)
      .and.not.match(/from ?"\.\//);
    await eventually(async () => {
      const overview = JSON.parse(await page('api/overview')) as Overview;
      expect(overview.examination.state, JSON.stringify(overview.examination)).to.equal('done');
      expect(overview.networks[0]?.sample.map(({ name }) => name)).to.deep.equal(['web']);
    }, 60_000);
  });

  it('does not restart with an option that is not understood: it says so at once, and does not try again', async () => {
    await machine.sh('echo ROUTED_MTU=big >>/etc/default/routed');

    const { exitCode, stderr } = await machine.try('systemctl restart routed');

    expect(exitCode, stderr).to.equal(1);
    const journal = await machine.sh('journalctl --unit routed --output cat --lines 20');
    expect(journal).to.contain('variable ROUTED_MTU="big" (--mtu): expected a number from 68 to 65535');
    await machine.sh('sleep 2');
    expect(await machine.sh('systemctl show --property NRestarts --value routed')).to.equal('0');
    expect(await machine.sh('systemctl show --property Result --value routed')).to.equal('exit-code');
    await machine.sh("sed -i '/^ROUTED_MTU=big/d' /etc/default/routed && systemctl restart routed");
    expect(await machine.sh('routed-plugin status')).to.contain('web');
  });

  it('gives the socket of commands to a group, as docs/security.md says', async () => {
    const settings = codeBlocks('docs/security.md').find(({ text }) => text.startsWith('[Socket]'))?.text;
    const dropIn = '/etc/systemd/system/routed-admin.socket.d';
    await machine.sh(`groupadd netops; mkdir -p ${dropIn}; echo '${settings}' > ${dropIn}/override.conf`);

    const restart = 'systemctl daemon-reload && systemctl restart routed-admin.socket routed.service';
    await machine.sh(restart);

    expect(await machine.sh('stat --format "%G %a" /run/routed/admin.sock')).to.equal('netops 660');
    expect(await machine.sh('routed-plugin status')).to.contain('web');
    await machine.sh(`rm -r ${dropIn}; ${restart}; groupdel netops`);
  });

  it('names the routes of containers', async () => {
    expect(await machine.sh('ip route show proto routed')).to.match(/^10\.1\.0\.2 dev vethr/);
  });

  it('keeps calls waiting while the service restarts', async () => {
    await machine.sh('systemctl restart routed && docker run --rm --network apps alpine true');
  });

  it('has its state copied and brought back as docs/operations.md says', async () => {
    const lines = linesOf('docs/operations.md').filter(({ text }) => /^(systemctl|tar|mv) /.test(text));
    expect(lines).to.have.length.above(5);
    for (const { text } of lines) await machine.sh(text);

    expect(await machine.sh('routed-plugin status')).to.match(/10\.1\.0\.2 .* joined/);
    await machine.sh('docker run --rm --network apps alpine ping -c 1 10.1.0.2');
    await machine.sh('rm -r /var/lib/routed.old /var/backups/routed-state.tar.gz');
  });

  it('is exposed little', async () => {
    const score = await machine.sh('systemd-analyze security --no-pager routed.service | tail -n 1');

    expect(Number(/level for routed.service: ([\d.]+)/.exec(score)?.[1])).to.be.at.most(2.6);
  });

  it('keeps its containers from a systemd-networkd that manages every link', async () => {
    const unit = '/run/systemd/system/systemd-networkd.service.d';
    await machine.sh('printf "[Match]\\nName=*\\n[Network]\\nDHCP=no\\n" >/etc/systemd/network/50-all.network');
    // There is no udev in this machine: networkd takes a /sys that cannot be written to as the sign of it.
    await machine.sh(`mkdir -p ${unit} && printf "[Service]\\nReadOnlyPaths=/sys\\n" >${unit}/no-udev.conf`);
    await machine.sh('systemctl daemon-reload && systemctl restart systemd-networkd');
    await eventually(async () => machine.sh('networkctl list docker0 | grep -E "configured|configuring"'));
    await machine.sh('systemctl restart systemd-networkd');
    await eventually(async () => machine.sh('networkctl list docker0 | grep -E "configured|configuring"'));

    expect(await machine.sh('networkctl list --no-legend "vethr*"')).to.match(/vethr\w+ +ether +\w+ +unmanaged/);
    expect(await machine.sh('ip route show proto routed')).to.match(/10\.1\.0\.2 dev vethr/);
    await machine.sh('docker exec web ping -c 1 169.254.1.1');
    await machine.sh('systemctl stop systemd-networkd; rm /etc/systemd/network/50-all.network');
  });

  it('is there before Docker after a power cut: containers with a restart policy come back', async () => {
    await machine.reboot();

    await eventually(async () => machine.sh('ping -c 1 -W 1 10.1.0.2'), 20_000);
    const [routed, docker] = (
      await machine.sh('systemctl show --property ActiveEnterTimestampMonotonic --value routed.socket docker.service')
    ).split(/\n+/);
    expect(Number(routed)).to.be.lessThan(Number(docker));
  });

  it(`does not delay a Docker with ${networks} networks by more than a second against bridges`, async () => {
    await machine.sh('docker rm -f web && docker network rm apps');

    const bridge = await dockerStartMs('-d bridge --subnet 10.20');
    const routed = await dockerStartMs('-d routed --ipam-driver routed --subnet 10.30');

    console.log(`      dockerd's start: ${bridge.toFixed(0)} ms with bridges, ${routed.toFixed(0)} ms with routed`);
    expect(routed).to.be.lessThan(bridge + 1000);
  });

  /** How long dockerd takes to start with networks of a kind and containers that restart: the better of two boots. */
  async function dockerStartMs(network: string): Promise<number> {
    for (let number = 0; number < networks; number += 1) {
      await machine.sh(`docker network create ${network}.${number}.0/24 n${number}`);
    }
    for (let number = 0; number < containers; number += 1) {
      await machine.sh(`docker run -d --restart always --network n${number} alpine sleep 1000000`);
    }
    const times = [await bootAndMeasureMs(), await bootAndMeasureMs()];
    expect((await machine.sh('docker ps -q')).split('\n')).to.have.lengthOf(containers);
    await machine.sh('docker rm -f $(docker ps -aq) && docker network prune -f');
    return Math.min(...times);
  }

  async function bootAndMeasureMs(): Promise<number> {
    await machine.reboot();
    const properties = 'InactiveExitTimestampMonotonic,ActiveEnterTimestampMonotonic';
    const times = await machine.sh(`systemctl show --property ${properties} --value docker.service`);
    const [one = 0, other = 0] = times.split(/\n+/).map(Number);
    return Math.abs(other - one) / 1000;
  }

  it('is removed and purged without a trace', async () => {
    await machine.sh(
      'docker network create -d routed --ipam-driver routed --subnet 10.9.0.0/16 --gateway 10.9.0.1 left',
    );
    expect(await machine.sh('nft list tables; ip -o address show lo'))
      .to.match(/inet routed$/m)
      .and.match(/10\.9\.0\.1/);

    await machine.sh('dpkg --purge routed routed-node');

    expect(await machine.sh('nft list tables; iptables-save; ip address show lo; ip route')).not.to.match(
      /routed|ROUTED|10\.9\.0\.1/,
    );
    expect(await machine.sh('ls /run/docker/plugins')).to.equal('');
    const left = await machine.sh(
      'find / -xdev -name "*routed*" -not -path "/proc/*" -not -path "/root/*" | grep -v /var/lib/dpkg/info || true',
    );
    expect(left).to.equal('');
    expect((await machine.try('systemctl status routed.service')).exitCode).to.equal(4);
  });
});

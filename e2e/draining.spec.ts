import { expect } from 'chai';
import type { Host, LabProcess } from '@routed/lab';
import { createNetwork, inspect, ping } from './support/containers.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './support/eventually.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

/** Sends back what is written on each connection. */
const server = ['alpine', 'sh', '-c', 'trap "exit 0" TERM; nc -ll -p 7 -e cat & wait'];

/**
 * Writes a numbered line fifty times a second and reads it back, until it is stopped. Exits with 0 when all that it wrote came back as it
 * was, and says how much that is.
 */
const talker = `
my ($bytes, $line, $isOver) = (0, 0, 0);
$SIG{TERM} = sub { $isOver = 1; alarm 8 };
$SIG{ALRM} = sub { print "only $bytes bytes came back\\n"; exit 1 };
for (1 .. 50) { last if $s = IO::Socket::INET->new(PeerAddr => $ARGV[0]); select undef, undef, undef, 0.1 }
$s or die "no connection";
until ($isOver) {
  my $sent = sprintf "%09d\\n", $line++;
  my ($written, $back) = (0, "");
  while ($written < length $sent) { $written += syswrite($s, $sent, length($sent) - $written, $written) // ($!{EINTR} ? 0 : die "write: $!") }
  while (length $back < length $sent) { defined(my $read = sysread($s, $back, length($sent) - length $back, length $back)) or $!{EINTR} or die "read: $!"; die "closed" if defined $read && $read == 0 }
  die "$back came back for $sent" if $back ne $sent;
  $bytes += length $sent;
  select undef, undef, undef, 0.02;
}
print "$bytes bytes came back\\n";
`;

describe('routed-plugin drain (Docker 20.10)', () => {
  const stage = setStage({ host: { engine: '20.10', engineFlags: ['--live-restore'] } });
  let far: Host;
  const held: LabProcess[] = [];

  before(async () => {
    far = await stage.lab.addHost({ engine: 'none' });
    const there = stage.host.address?.split('/')[0] ?? '';
    await far.exec(['ip', 'route', 'add', '10.1.0.0/16', 'via', there]);
    await createNetwork(stage.host, 'n', '10.1.0.0/16');
  });
  beforeEach(() => run('web', '10.1.0.2'));
  afterEach(async () => {
    await type(stage.host, 'routed-plugin undrain --all');
    try {
      for (const client of held.splice(0)) await expectAllCameBack(client);
    } finally {
      await stage.host.docker('rm', '--force', 'web', 'late');
    }
  });

  async function run(name: string, address: string): Promise<void> {
    await stage.host.docker('run', '--detach', '--name', name, '--network', 'n', '--ip', address, ...server);
  }
  /** Opens a connection to the container from another host, and writes to it until it is stopped. */
  async function connect(address: string): Promise<LabProcess> {
    const command = ['perl', '-MIO::Socket::INET', '-MErrno', '-e', talker, `${address}:7`];
    const client = await far.spawn(command, { name: `client-${held.length}` });
    held.push(client);
    const established = ['ss', '-Htn', 'state', 'established', 'dst', address];
    await eventually(async () => expect((await far.exec(established)).stdout).not.to.equal(''), 10_000);
    return client;
  }
  /** Ends a connection, all bytes of which have been delivered both ways. */
  async function expectAllCameBack(client: LabProcess): Promise<void> {
    const exitCode = await client.stop();
    const [last = ''] = (await client.log()).trimEnd().split('\n').slice(-1);
    expect(exitCode, last).to.equal(0);
    expect(last).to.match(/^[1-9]\d* bytes came back$/);
  }
  /** What routers redistribute: routes of the main table. */
  const isAnnounced = async (address: string): Promise<boolean> =>
    (await stage.host.exec(['ip', '-4', 'route', 'show', `${address}/32`])).stdout !== '';
  const connections = async (): Promise<unknown> => {
    const { stdout } = await type(stage.host, 'routed-plugin drain --status --json');
    return (JSON.parse(stdout) as { endpoints: { connections: unknown }[] }).endpoints.map((row) => row.connections);
  };

  it('withdraws a container, waits for its last connection, and announces it again', async () => {
    const { host } = stage;
    const client = await connect('10.1.0.2');

    const drained = await type(host, 'routed-plugin drain web');
    expect(drained).to.include({ exitCode: 0, stderr: '' });
    expect(await isAnnounced('10.1.0.2')).to.equal(false);
    await eventually(async () => expect(await connections()).to.deep.equal([{ '10.1.0.2': 1 }]), 10_000);
    const tooShort = await type(host, 'routed-plugin drain web --wait 1s');
    expect(tooShort.exitCode).to.equal(75);
    expect(tooShort.stdout).to.match(/web +n +10\.1\.0\.2 +1 +withdrawn/);

    const waiting = type(host, 'routed-plugin drain web --wait 30s');
    await expectAllCameBack(client);
    const waited = await waiting;
    expect(waited.exitCode).to.equal(0);
    expect(waited.stdout).to.match(/web +n +10\.1\.0\.2 +0 +withdrawn/);
    expect((await ping(far, '10.1.0.2')).exitCode, 'reached').to.equal(0);
    expect((await type(host, 'routed-plugin undrain web')).exitCode).to.equal(0);
    expect(await isAnnounced('10.1.0.2')).to.equal(true);
  });

  it('drains the host, also what starts meanwhile, over a kill of the plugin', async () => {
    const { host } = stage;
    await connect('10.1.0.2');
    expect((await type(host, 'routed-plugin drain --all')).exitCode).to.equal(0);

    await stage.plugin.stop('SIGKILL');
    stage.plugin = await host.startPlugin();
    await run('late', '10.1.0.3');

    expect([await isAnnounced('10.1.0.2'), await isAnnounced('10.1.0.3')]).to.deep.equal([false, false]);
    await eventually(
      async () => expect(await connections()).to.have.deep.members([{ '10.1.0.2': 1 }, { '10.1.0.3': 0 }]),
      10_000,
    );
    const refused = await type(host, 'routed-plugin undrain web');
    expect(refused.exitCode).to.equal(1);
    expect(refused.stderr).to.contain('routed-plugin undrain --all');
    expect((await type(host, 'routed-plugin undrain --all')).exitCode).to.equal(0);
    expect([await isAnnounced('10.1.0.2'), await isAnnounced('10.1.0.3')]).to.deep.equal([true, true]);
    expect((await type(host, 'routed-plugin drain --all --wait 0s')).exitCode).to.equal(75);
  });

  it('routed.drain: docker stop waits for the last connection, and then for the process', async () => {
    const { host } = stage;
    await createNetwork(host, 'slow', '10.2.0.0/16', '-o', 'routed.drain=20s');
    await far.exec(['ip', 'route', 'add', '10.2.0.0/16', 'via', host.address?.split('/')[0] ?? '']);
    const signals = ['--stop-signal', 'SIGURG', '--stop-timeout', '60'];
    await host.docker(
      'run',
      '--detach',
      '--name',
      'late',
      ...signals,
      '--network',
      'slow',
      '--ip',
      '10.2.0.2',
      ...server,
    );
    const client = await connect('10.2.0.2');
    expect(await isAnnounced('10.2.0.2')).to.equal(true);

    const stopped = host.docker('stop', 'late');
    await eventually(async () => expect(await isAnnounced('10.2.0.2')).to.equal(false), 2000);
    await sleep(4000);
    expect(await inspect(host, 'late', '{{.State.Running}}')).to.equal('true');
    const { stdout } = await type(host, 'routed-plugin drain --status');
    expect(stdout).to.match(/^late +slow +10\.2\.0\.2 +1 +withdrawn, is stopped by 20\S+Z$/m);
    await expectAllCameBack(client);
    await stopped;

    // The process ended by itself: not by Docker's SIGKILL.
    expect(await inspect(host, 'late', '{{.State.ExitCode}}')).to.equal('0');
  });

  it('stays withdrawn by docker stop, while the process ends, over a kill of the plugin', async () => {
    const { host } = stage;
    await createNetwork(host, 'ending', '10.3.0.0/16', '-o', 'routed.announce=running');
    const endsAtUsr1 = ['alpine', 'sh', '-c', 'trap : TERM; trap "exit 0" USR1; while :; do sleep 0.2; done'];
    const network = ['--network', 'ending', '--ip', '10.3.0.2'];
    await host.docker('run', '--detach', '--name', 'late', ...network, ...endsAtUsr1);
    await eventually(async () => expect(await isAnnounced('10.3.0.2')).to.equal(true), 5000);

    const stopped = host.docker('stop', '--time', '60', 'late');
    await eventually(async () => expect(await isAnnounced('10.3.0.2')).to.equal(false), 2000);
    await stage.plugin.stop('SIGKILL');
    stage.plugin = await host.startPlugin();

    // Docker has been asked by then, and says that it runs.
    const status = async (): Promise<string> => (await type(host, 'routed-plugin status')).stdout;
    await eventually(async () => expect(await status()).to.contain('joined, not announced: ending'), 5000);
    await sleep(500);
    expect(await inspect(host, 'late', '{{.State.Running}}')).to.equal('true');
    expect(await isAnnounced('10.3.0.2')).to.equal(false);
    await host.docker('kill', '--signal', 'USR1', 'late');
    await stopped;
  });

  it('refuses what it cannot do', async () => {
    const ended = async (line: string): Promise<[number, string]> => {
      const { exitCode, stderr } = await type(stage.host, line);
      return [exitCode, stderr];
    };

    expect((await ended('routed-plugin drain wbe'))[1]).to.contain('did you mean web');
    expect((await ended('routed-plugin drain'))[1]).to.contain('name a container, or --all');
    expect((await ended('routed-plugin drain web --all'))[0]).to.equal(64);
    expect((await ended('routed-plugin drain --status web'))[1]).to.contain('--status takes no container');
    expect((await ended('routed-plugin drain web --wait soon'))[1]).to.contain('expected a duration such as');
    expect(await isAnnounced('10.1.0.2')).to.equal(true);
  });
});

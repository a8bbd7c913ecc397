import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { exampleEndpoint, exampleReport } from '../../../driver/test/unit/support/example-report.ts';
import { type Ended, runLine } from './support/run-line.ts';
import { OTHER_SHAPES } from './support/other-shapes.ts';

const USAGE = 64;
const UNREACHABLE = 69;
const HOSTILE = 'web\u001b[2J\u009b2K\u202e\nPROBLEM  forged';

describe('a command line', () => {
  let directory: string;
  let socket: string;
  let server: Server | undefined;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-cli-'));
  });
  beforeEach(() => {
    socket = join(directory, `${Math.random()}.sock`);
  });
  afterEach(() => {
    server?.close();
    server = undefined;
  });
  after(async () => {
    await rm(directory, { recursive: true });
  });

  const run = (words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
    runLine(words, { ROUTED_ADMIN_SOCKET: socket, ...env });

  async function answer(listener: RequestListener): Promise<void> {
    server = createServer(listener).listen(socket);
    await once(server, 'listening');
  }

  async function answerWith(replies: Readonly<Record<string, unknown>>): Promise<void> {
    await answer(({ url = '' }, reply) => {
      const body = replies[url.replace(/\?.*/, '')];
      const type = /^\/v1\/(events|refused)/.test(url) ? 'application/x-ndjson' : 'application/json';
      reply.writeHead(body === undefined ? 404 : 200, { 'Content-Type': type });
      const error = { error: { code: 'CONTAINER_UNKNOWN', message: `no ${url}` } };
      reply.end(typeof body === 'string' ? body : JSON.stringify(body ?? error));
    });
  }

  for (const [argv, says] of [
    [['statsu'], `error: unknown command 'statsu'; did you mean "status"?`],
    [['statsu', '--help'], `error: unknown command 'statsu'; did you mean "status"?`],
    [['help', 'statsu'], `error: unknown command 'statsu'; did you mean "status"?`],
    [['address', 'lst', '--help'], `error: unknown command 'lst'; did you mean "list"?`],
    [['xyzzy'], `error: unknown command 'xyzzy'`],
    [['serve', 'xyzzy'], "error: too many arguments for 'serve'"],
    [['--admin-socket', '/run/a.sock', 'status'], 'error: options come after the command: routed-plugin status'],
    [['--debug', 'on', 'xyzzy'], "error: too many arguments for 'serve'"],
    [['events', '--since', 'yesterday'], 'expected 90s, 10m, 2h or 1d, or a time such as 2026-11-28T18:00:00Z'],
    [['events', '--since', '2026-13-28'], 'expected 90s, 10m, 2h or 1d'],
    [['network', 'forgte', 'n1'], `error: unknown command 'forgte'; did you mean "forget"?`],
    [['doctor', '--ignore', 'engine,foruter'], 'option --ignore "foruter": there is no such check'],
    [['doctor', '--ignore', 'forwarding-ipv5'], 'did you mean "forwarding-ipv'],
    [['doctor', '--router', 'non'], "argument 'non' is invalid. Allowed choices are auto, none."],
    [['network', 'forget'], "error: missing required argument 'network'"],
    [['status', '--jsno'], "error: unknown option '--jsno'\n(Did you mean --json?)"],
    [['status', '--watch', '0'], 'expected seconds, from 0.1 to 86400'],
    [['--mtu', 'big'], 'option --mtu "big": expected a number from 68 to 65535, or auto'],
    [['serve', '--check', '--mtu', 'big'], 'option --mtu "big": expected a number'],
    [['handover'], 'error: name a container, or --status'],
    [['handover', 'web', '--status'], 'error: --status takes no container'],
    [['handover', '--status', '--within', '5m'], 'error: --status takes no container'],
    [['handover', 'web', '--cancel', '--wait'], 'error: --cancel takes no --within and no --wait'],
    [
      ['handover', 'web', '--within', 'soon'],
      "option '--within <duration>' argument 'soon' is invalid. expected a duration",
    ],
    [['handover', 'web', '--within', '999ms'], 'expected a duration of 1s or more'],
    [['handover', 'web', '--within', '2h'], 'expected a duration such as 500ms, 5s or 2m, up to 1h'],
    [['why', '10.1.0.300'], "'10.1.0.300' is not an IP address"],
    [['events', '10.1.0.300'], "'10.1.0.300' is not an IP address"],
    [['\u001b[2Jstatus'], "error: unknown command '\\u001b[2Jstatus'"],
  ] as const) {
    it(`that is not understood ends with ${USAGE}, and says why: ${argv.join(' ').replace(/\p{Cc}/gu, '')}`, async () => {
      const { exitCode, stdout, stderr } = await run(argv);

      expect(stderr).to.contain(says);
      expect(stderr, 'a stack trace').not.to.match(/^ +at /m);
      expect(stdout).to.equal('');
      expect(exitCode).to.equal(USAGE);
    });
  }

  it('has help for what is known', async () => {
    for (const argv of [
      ['--help'],
      ['help'],
      ['help', 'status'],
      ['address', '--help'],
      ['address', 'list', '--help'],
    ]) {
      const { exitCode, stdout, stderr } = await run(argv);
      expect(stdout, stderr).to.contain('Usage: routed-plugin');
      expect(exitCode).to.equal(0);
    }
  });

  it('is checked together with the variables, which are named with the ones that were meant', async () => {
    const fine = await run(['serve', '--check'], { ROUTED_MTU: '9000' });
    const unknown = await run(['serve', '--check'], { ROUTED_GATWAY: '10.200.0.1' });
    const wrong = await run(['serve', '--check'], { ROUTED_MTU: 'big' });

    expect(fine).to.deep.equal({ exitCode: 0, stdout: 'all options and variables are valid\n', stderr: '' });
    expect(unknown.stderr).to.contain(
      'variable ROUTED_GATWAY is not known to routed-plugin; did you mean "ROUTED_GATEWAY"?',
    );
    expect(unknown.exitCode).to.equal(USAGE);
    expect(wrong.stderr).to.contain('variable ROUTED_MTU="big" (--mtu): expected a number');
    expect(wrong.exitCode).to.equal(USAGE);
  });

  it('is checked for uplinks that are not there: they may come later, so the daemon would start', async () => {
    const absent = await run(['serve', '--check', '--uplinks', 'lo,absent0']);

    expect(absent).to.deep.equal({
      exitCode: 1,
      stdout: '',
      stderr: 'routed-plugin: uplink absent0 (--uplinks) is not there\n',
    });
  });

  for (const argv of [
    ['status'],
    ['events'],
    ['events', '10.1.0.2'],
    ['address', 'list'],
    ['ingress', 'show', 'web'],
  ]) {
    it(`says that nobody answers, with an exit status of its own: ${argv.join(' ')}`, async () => {
      const { exitCode, stderr } = await run(argv);

      expect(stderr).to.equal(
        `routed-plugin: routed-plugin does not answer at ${socket} (ENOENT): start routed-plugin, or name its socket ` +
          'with --admin-socket\n',
      );
      expect(exitCode).to.equal(UNREACHABLE);
    });

    for (const [who, status, body] of [
      ['Docker', 404, '{"message":"page not found"}'],
      ['a plugin', 404, '{"Err":"unknown method","Error":"unknown method"}'],
      ['a web server', 200, '<html>'],
    ] as const) {
      it(`says that ${who} is somebody else: ${argv.join(' ')}`, async () => {
        await answer((_, reply) => reply.writeHead(status).end(body));

        const { exitCode, stderr } = await run(argv);

        expect(stderr).to.match(
          /^routed-plugin: the server at \S+ is not routed-plugin, .* name the admin socket with --admin-socket$/m,
        );
        expect(exitCode).to.equal(UNREACHABLE);
      });
    }
  }

  it('says what the daemon says', async () => {
    await answerWith({});

    const { exitCode, stderr } = await run(['ingress', 'show', 'wbe']);

    expect(stderr).to.equal('routed-plugin: no /v1/containers/wbe/ingress\n');
    expect(exitCode).to.equal(1);
  });

  for (const [argv, path, wrong] of OTHER_SHAPES) {
    it(`says that a daemon that answers in another shape is of another release: ${argv.join(' ')}`, async () => {
      await answerWith({ [path]: wrong });

      const { exitCode, stdout, stderr } = await run(argv);

      expect(stderr).to.match(/^routed-plugin: .* is of another release than this command \(.*: .*\): restart/);
      expect(stderr.trim().split('\n')).to.have.lengthOf(1);
      expect(stdout).to.equal('');
      expect(exitCode).to.equal(1);
    });
  }

  it('lets be what a newer daemon adds', async () => {
    const event = { at: 'now', kind: 'invented', addresses: ['10.1.0.2'], detail: 'why', further: 1 };
    await answerWith({
      '/v1/events': `${JSON.stringify(event)}\n`,
      '/v1/drain': { isHostDraining: false, endpoints: [], further: 1 },
    });

    expect((await run(['events'])).stdout).to.equal('now  invented    10.1.0.2: why\n');
    expect((await run(['drain', '--status'])).exitCode).to.equal(0);
  });

  it('waits for all of its time where connections are not tracked, and does not call that none', async () => {
    const endpoint = { endpointId: 'e1', isAnnounced: false, isUntracked: true, connections: { '10.1.0.2': 0 } };
    const report = { isHostDraining: false, endpoints: [endpoint] };
    await answerWith({ '/v1/drain': report, '/v1/containers/web/drain': report });

    const { stdout, exitCode } = await run(['drain', 'web', '--wait', '10ms']);

    expect(exitCode).to.equal(75);
    expect(stdout).to.match(/10\.1\.0\.2 +not tracked +withdrawn/);
  });

  it('tells what docker stop drains from what an operator drains', async () => {
    const row = {
      endpointId: 'e1',
      container: 'web',
      network: 'n',
      isAnnounced: false,
      connections: { '10.1.0.2': 2 },
    };
    const stop = { until: '2026-11-28T12:00:00.000Z', isSignalSent: false };
    const endpoints = [row, { ...row, stop }, { ...row, stop: { ...stop, isSignalSent: true } }];
    const web = { isHostDraining: false, endpoints: [{ ...row, stop }] };
    await answerWith({ '/v1/drain': { isHostDraining: false, endpoints }, '/v1/containers/web/drain': web });

    const { stdout } = await run(['drain', '--status']);

    expect(stdout.match(/withdrawn.*/g)).to.deep.equal([
      'withdrawn',
      'withdrawn, is stopped by 2026-11-28T12:00:00.000Z',
      'withdrawn, was sent its drain signal',
    ]);
    const undrained = await run(['undrain', 'web']);
    expect(undrained.exitCode).to.equal(1);
    expect(undrained.stderr).to.contain('the container was told to stop: it stays withdrawn until its next start');
    expect((await run(['undrain', '--all'])).exitCode, 'although one is stopped').to.equal(0);
  });

  it('asks for the events of a time, a container and a network', async () => {
    const urls: string[] = [];
    await answer(({ url = '' }, reply) => {
      urls.push(url);
      reply.writeHead(200, { 'Content-Type': 'application/x-ndjson' }).end();
    });

    await run(['events', '--since', '2026-11-28T18:00:00Z', '--container', 'web 1', '--network', 'apps']);
    await run(['events', '--since', '2h']);

    const [first = '', second = ''] = urls;
    expect(first).to.equal('/v1/events?since=2026-11-28T18%3A00%3A00.000Z&container=web+1&network=apps');
    const since = new URL(second, 'http://x').searchParams.get('since') ?? '';
    expect(Date.now() - Date.parse(since)).to.be.within(7_200_000, 7_300_000);
  });

  it('says what a network that is forgotten leaves free', async () => {
    await answerWith({
      '/v1/networks/c989': { networkId: 'c98909aaaaaabbbb', prefixes: ['10.1.0.0/16'], endpoints: 2 },
    });

    const { stdout, exitCode } = await run(['network', 'forget', 'c989']);

    expect(stdout).to.equal('network c98909aaaaaa is forgotten: 10.1.0.0/16 is free, 2 endpoints went\n');
    expect(exitCode).to.equal(0);
  });

  it('shows notes and names, and numbers as numbers', async () => {
    const [network] = exampleReport.networks;
    const wide = { prefix: 'fd00::/64', gateway: 'fe80::1', leased: 1, size: 2 ** 64 };
    const networks = [{ ...network, pools: [...(network?.pools ?? []), wide] }];
    await answerWith({ '/v1/status': { ...exampleReport, networks, notes: ['web: --publish 80/tcp has no effect'] } });

    const text = await run(['status']);
    const { schemaVersion, ...json } = JSON.parse((await run(['status', '--json'])).stdout) as Record<string, unknown>;

    expect(text.exitCode, 'a note is no problem').to.equal(0);
    expect(text.stdout).to.match(/^NOTE {2}web: --publish 80\/tcp has no effect$/m);
    expect(text.stdout)
      .to.match(/^apps +10\.1\.0\.0\/16 +0 +65534 /m)
      .and.match(/^apps +fd00::\/64 +1 +2\^64 /m);
    expect(schemaVersion).to.equal(1);
    expect(json).to.deep.include({ networks, version: '1.0.0' });
  });

  it('names the container and network of an event', async () => {
    const event = { at: 'now', kind: 'announced', addresses: ['10.1.0.2'], endpointId: 'e1', detail: 'healthy' };
    await answerWith({ '/v1/events': `${JSON.stringify({ ...event, container: 'web', network: 'n' })}\n` });

    expect((await run(['events'])).stdout).to.equal('now  announced   10.1.0.2 (web on n): healthy\n');
  });

  it('shows why each address is announced or is not', async () => {
    const row = { address: '10.1.0.2', container: 'web', network: 'n', kind: 'docker', state: 'active' };
    const announcement = { policy: 'running', isAnnounced: false, reason: 'flapping', since: 'S', dueAt: 'T' };
    const endpoint = { ...exampleEndpoint, announcement };
    await answerWith({
      '/v1/addresses': [
        { ...row, announcement },
        { ...row, address: '10.1.0.3', state: 'stopped' },
      ],
      '/v1/status': { ...exampleReport, endpoints: [endpoint] },
    });

    const { stdout } = await run(['address', 'list']);
    expect(stdout).to.match(/^10\.1\.0\.2 +web +n +docker +active +running +no: flapping until T +S$/m);
    expect(stdout).to.match(/^10\.1\.0\.3 +web +n +docker +stopped +- +- +-$/m);
    expect((await run(['status'])).stdout).to.contain('joined, not announced: flapping until T, since S');
  });

  it('about events of an address that no network has says so', async () => {
    await answerWith({ '/v1/addresses/10.9.9.9': { address: '10.9.9.9', history: [] }, '/v1/events': '' });

    expect(await run(['events', '10.9.9.9'])).to.deep.equal({
      exitCode: 1,
      stdout: '',
      stderr: 'nothing has happened to 10.9.9.9 since routed-plugin was started: no network of this host has it\n',
    });
  });

  describe('of a handover', () => {
    const asked: unknown[] = [];
    const rowOf = (state: 'waiting' | 'handed over', connections: number): object => ({
      endpointId: exampleEndpoint.id,
      container: 'web',
      network: 'n',
      until: '2026-11-28T08:00:00.000Z',
      addresses: [{ address: '10.1.0.5', state, holders: state === 'waiting' ? [] : ['10.112.11.2'], connections }],
    });

    /** Answers the command with the first of these, and each of its looks with the next; then with the last. */
    async function answerInTurn(...reports: (readonly object[])[]): Promise<void> {
      asked.length = 0;
      await answer(({ method = '', url = '' }, reply) => {
        asked.push(`${method} ${url}`);
        const endpoints = reports.length > 1 ? reports.shift() : reports[0];
        reply.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ endpoints }));
      });
    }

    it('says what is handed over', async () => {
      await answerInTurn([rowOf('waiting', 3)]);

      const { exitCode, stdout } = await run(['handover', 'web', '--network', 'n']);

      expect(asked).to.deep.equal(['PUT /v1/containers/web/handover']);
      expect(stdout).to.match(/^web +n +10\.1\.0\.5 +waiting +this host +3 +2026-11-28T08:00:00\.000Z$/m);
      expect(exitCode).to.equal(0);
    });

    it('waits until another host has every address, and twice finds no connection', async () => {
      const done = [rowOf('handed over', 0)];
      await answerInTurn([rowOf('waiting', 3)], [rowOf('handed over', 2)], done, [rowOf('handed over', 1)], done, done);

      const { exitCode, stdout, stderr } = await run(['handover', 'web', '--wait']);

      expect(asked).to.have.lengthOf(6);
      expect(stdout).to.match(/^web +n +10\.1\.0\.5 +handed over +10\.112\.11\.2 +0 /m);
      expect([exitCode, stderr]).to.deep.equal([0, '']);
    });

    it('takes a container that is gone for handed over, if it was', async () => {
      await answerInTurn([rowOf('handed over', 1)], []);

      expect(await run(['handover', 'web', '--wait'])).to.include({ exitCode: 0, stderr: '' });
    });

    for (const [what, reports, says] of [
      [
        'nobody takes it',
        [[rowOf('waiting', 0)]],
        'no other host announced 10.1.0.5 within 1s: still announced by this host',
      ],
      [
        'connections are left',
        [[rowOf('handed over', 2)]],
        '10.1.0.5 is handed over, but 2 connections are left after 1s',
      ],
      [
        'the daemon stops waiting a moment before',
        [[rowOf('waiting', 0)], []],
        'no other host announced 10.1.0.5 within 1s',
      ],
      [
        'it is ended',
        [[rowOf('waiting', 0)], []],
        'the handover of 10.1.0.5 has ended: it was cancelled, or its container',
      ],
    ] as const) {
      it(`that waits ends with 1 when ${what}`, async () => {
        await answerInTurn(...reports);

        const within = what === 'it is ended' ? '3s' : '1s';
        const { exitCode, stderr } = await run(['handover', 'web', '--wait', '--within', within]);

        expect(stderr).to.contain(says);
        expect(exitCode).to.equal(1);
      });
    }

    it('ends it, and shows all of them', async () => {
      await answerInTurn([rowOf('waiting', 0)]);

      expect(await run(['handover', 'web', '--cancel'])).to.deep.equal({ exitCode: 0, stdout: '', stderr: '' });
      expect((await run(['handover', '--status', '--json'])).stdout).to.contain('"state": "waiting"');
      expect(asked).to.deep.equal(['PUT /v1/containers/web/handover', 'GET /v1/handovers']);
    });
  });

  it('shows names as they are, one row for each', async () => {
    const listed = {
      address: '10.1.0.2',
      container: HOSTILE,
      network: HOSTILE,
      endpointId: exampleEndpoint.id,
      kind: 'docker',
      state: 'active',
    };
    const event = { at: 'now', kind: 'failed', addresses: [], detail: HOSTILE };
    const packet = {
      ...{ at: 'now', direction: 'egress', verdict: 'refused', source: '10.1.0.2', destination: '198.51.100.7' },
      ...{ container: HOSTILE, network: 'n', name: HOSTILE, protocol: 'tcp', port: 443, rule: HOSTILE },
    };
    await answerWith({
      '/v1/refused': `${JSON.stringify(packet)}\n`,
      '/v1/containers/web/egress': [],
      '/v1/status': { ...exampleReport, problems: [HOSTILE], endpoints: [exampleEndpoint], addresses: [listed] },
      '/v1/addresses': [listed],
      '/v1/events': `${JSON.stringify(event)}\n`,
      '/v1/containers/web/ingress': [
        { container: 'web', network: HOSTILE, ingress: HOSTILE, mode: 'enforce', spoof: 'strict' },
      ],
    });

    for (const argv of [
      ['status'],
      ['status', '--json'],
      ['address', 'list'],
      ['address', 'list', '--json'],
      ['events'],
      ['events', '--json'],
      ['ingress', 'show', 'web'],
      ['refused', 'web'],
      ['refused', 'web', '--json'],
      ['events', '--refused'],
    ]) {
      const { stdout, stderr } = await run(argv);
      expect(stdout, stderr).to.contain('web\\u001b[2J\\u009b2K\\u202e\\nPROBLEM  forged');
      expect(stdout, argv.join(' ')).to.match(/^[\x20-\x7e\n]+$/);
      expect(stdout).not.to.match(/^PROBLEM {2}forged/m);
    }
  });
});

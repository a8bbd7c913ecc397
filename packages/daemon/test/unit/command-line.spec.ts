import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { restore, stub } from 'sinon';
import { exampleEndpoint, exampleReport } from '../../../driver/test/unit/support/example-report.ts';
import { runCommandLine } from '../../src/cli/run.ts';

const USAGE = 64;
const UNREACHABLE = 69;
const HOSTILE = 'web\u001b[2J\u009b2K\u202e\nPROBLEM  forged';

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

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

  /** Runs it in this process: what it prints, and the exit status that it sets. */
  async function run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const printed = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      stub(process[name], 'write').callsFake((text) => {
        printed[name] += String(text);
        return true;
      });
    }
    stub(process, 'env').value({ ROUTED_ADMIN_SOCKET: socket, ...env });
    const before = process.exitCode;
    process.exitCode = 0;
    try {
      await runCommandLine(words);
      return { exitCode: process.exitCode, ...printed };
    } finally {
      process.exitCode = before;
      restore();
    }
  }

  async function answer(listener: RequestListener): Promise<void> {
    server = createServer(listener).listen(socket);
    await once(server, 'listening');
  }

  async function answerWith(replies: Readonly<Record<string, unknown>>): Promise<void> {
    await answer(({ url = '' }, reply) => {
      const body = replies[url.replace(/\?.*/, '')];
      const type = url.startsWith('/v1/events') ? 'application/x-ndjson' : 'application/json';
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
    [['status', '--jsno'], "error: unknown option '--jsno'\n(Did you mean --json?)"],
    [['status', '--watch', '0'], 'expected seconds, from 0.1 to 86400'],
    [['--mtu', 'big'], 'option --mtu "big": expected a number from 68 to 65535, or auto'],
    [['serve', '--check', '--mtu', 'big'], 'option --mtu "big": expected a number'],
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

  it('says that a daemon that answers in another shape is of another release', async () => {
    await answerWith({ '/v1/status': { ...exampleReport, networks: 1 } });

    const { exitCode, stderr } = await run(['status']);

    expect(stderr).to.match(/^routed-plugin: .* is of another release than this command \(networks: .*\): restart/);
    expect(exitCode).to.equal(1);
  });

  it('about events of an address that no network has says so', async () => {
    await answerWith({ '/v1/addresses/10.9.9.9': { address: '10.9.9.9', history: [] }, '/v1/events': '' });

    expect(await run(['events', '10.9.9.9'])).to.deep.equal({
      exitCode: 1,
      stdout: '',
      stderr: 'nothing has happened to 10.9.9.9 since routed-plugin was started: no network of this host has it\n',
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
    await answerWith({
      '/v1/status': { ...exampleReport, problems: [HOSTILE], endpoints: [exampleEndpoint], addresses: [listed] },
      '/v1/addresses': [listed],
      '/v1/events': `${JSON.stringify(event)}\n`,
      '/v1/containers/web/ingress': [{ network: HOSTILE, ingress: HOSTILE, spoof: 'strict' }],
    });

    for (const argv of [
      ['status'],
      ['status', '--json'],
      ['address', 'list'],
      ['address', 'list', '--json'],
      ['events'],
      ['events', '--json'],
      ['ingress', 'show', 'web'],
    ]) {
      const { stdout, stderr } = await run(argv);
      expect(stdout, stderr).to.contain('web\\u001b[2J\\u009b2K\\u202e\\nPROBLEM  forged');
      expect(stdout, argv.join(' ')).to.match(/^[\x20-\x7e\n]+$/);
      expect(stdout).not.to.match(/^PROBLEM {2}forged/m);
    }
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createDockerEngine, type DockerEngine } from '../../src/docker-engine.ts';
import type { Clock, EngineNotice, EventOptions } from '../../src/events.ts';
import { type StubEngine, stubEngine } from './support/stub-engine.ts';

/** 15 digits are all that a number has of it. */
const START = 1_764_300_000_123_456_789n;

interface Told {
  readonly timeNano: bigint;
  readonly action: string;
  readonly padding?: string;
}

function lineOf({ timeNano, action, padding = '' }: Told): string {
  const actor = { ID: 'abcd', Attributes: { name: 'web', padding } };
  const body = JSON.stringify({ Type: 'container', Action: action, Actor: actor, scope: 'local' });
  return `${body.slice(0, -1)},"timeNano":${timeNano}}\n`;
}

describe('events', () => {
  let engine: StubEngine;
  let docker: DockerEngine;
  /** What dockerd keeps, at most 256. */
  let ring: Told[];
  let streams: Set<ServerResponse>;
  let pauses: number[];
  let notices: AsyncGenerator<EngineNotice, void, undefined>;
  /** Does not wait, but lets others have their turn. */
  const clock: Clock = {
    now: () => Number(START / 1_000_000n),
    sleep: async (ms) => {
      pauses.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };

  beforeEach(async () => {
    ring = [];
    streams = new Set();
    pauses = [];
    engine = await stubEngine((path, reply) => {
      const { searchParams } = new URL(path, 'http://docker');
      const [since = 0n, until] = ['since', 'until'].map((name) => nanoOf(searchParams.get(name)));
      reply.writeHead(200).flushHeaders();
      for (const told of ring) {
        if (told.timeNano >= since && (until === undefined || told.timeNano <= until)) reply.write(lineOf(told));
      }
      if (until !== undefined) reply.end();
      else streams.add(reply.on('close', () => streams.delete(reply)));
    });
    docker = createDockerEngine({ socketPath: engine.socketPath, clock, timeoutMs: 200 });
  });
  afterEach(async () => {
    await notices.return();
    await engine.close();
  });

  const follow = (options?: EventOptions): void => {
    notices = docker.events(options);
  };
  const tell = (told: Told): void => {
    ring = [...ring, told].slice(-256);
    for (const stream of streams) stream.write(lineOf(told));
  };
  const next = async (): Promise<string> => {
    const { value } = await notices.next();
    if (value === undefined) return 'end';
    if (value.kind === 'event') return [value.event.action, value.event.detail].filter(Boolean).join('=');
    return value.kind === 'resync' ? `resync ${value.reason}` : value.kind;
  };
  const some = async (count: number): Promise<string[]> => {
    const said: string[] = [];
    while (said.length < count) said.push(await next());
    return said;
  };
  const at = (offset: number, action: string): Told => ({ timeNano: START + BigInt(offset), action });
  /** Cuts the stream, as a proxy does; dockerd knows what it knew. */
  const cut = (): void => {
    for (const stream of streams) stream.destroy();
  };
  const begin = async (options?: EventOptions): Promise<void> => {
    follow(options);
    expect(await next()).to.equal('resync first');
  };

  it('are told with all that Docker says of them', async () => {
    await begin({ filters: { type: ['container'] } });
    tell(at(1, 'health_status: healthy'));

    const { value } = await notices.next();
    expect(value).to.deep.equal({
      kind: 'event',
      event: {
        type: 'container',
        action: 'health_status',
        detail: 'healthy',
        id: 'abcd',
        attributes: { name: 'web', padding: '' },
        timeNano: START + 1n,
      },
    });
    const { searchParams } = new URL(engine.asked[0] ?? '', 'http://docker');
    expect(searchParams.get('filters')).to.equal('{"type":["container"]}');
    expect(searchParams.get('since'), 'so that nothing is missed on the way').to.equal('1764300000.123000000');
  });

  it('are told since a time', async () => {
    ring = [at(1, 'start'), at(2, 'die'), at(3, 'destroy')];
    await begin({ since: START + 2n });

    expect(await some(2)).to.deep.equal(['die', 'destroy']);
  });

  it('go on without a gap, each once, where the engine still has the last one', async () => {
    await begin();
    tell(at(1, 'start'));
    tell(at(2, 'kill'));
    expect(await some(2)).to.deep.equal(['start', 'kill']);
    ring = [...ring, at(1, 'late'), at(3, 'die')];
    cut();

    expect(await some(4)).to.deep.equal(['disconnected', 'resumed', 'late', 'die']);
  });

  it('are to be read anew where the engine was restarted, and what it told since is not missed', async () => {
    await begin();
    tell(at(1, 'start'));
    expect(await next()).to.equal('start');
    await engine.kill();
    ring = [at(2, 'die')];
    expect(await next()).to.equal('disconnected');
    await engine.start();

    expect(await some(2)).to.deep.equal(['resync gap', 'die']);
    tell(at(3, 'destroy'));
    expect(await next()).to.equal('destroy');
  });

  it('are to be read anew where more has happened than the engine keeps', async () => {
    await begin();
    tell(at(0, 'start'));
    expect(await next()).to.equal('start');
    ring = Array.from({ length: 256 }, (_, index) => at(index + 1, `exec${index}`));
    cut();

    expect(await some(3)).to.deep.equal(['disconnected', 'resync gap', 'exec0']);
  });

  it('are to be read anew after a break before the first of them', async () => {
    await begin();
    cut();

    expect(await some(2)).to.deep.equal(['disconnected', 'resync gap']);
  });

  it('are asked for again ever more seldom while the engine is away, which is said once', async () => {
    await engine.kill();
    follow();
    expect(await next()).to.equal('disconnected');
    while (pauses.length < 9) await new Promise((resolve) => setImmediate(resolve));
    await engine.start();

    expect(await next()).to.equal('resync first');
    expect(pauses.slice(0, 9)).to.deep.equal([50, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
    pauses = [];
    cut();
    expect(await next()).to.equal('disconnected');
    expect(pauses[0]).to.equal(50);
  });

  it('may be hours apart', async () => {
    await begin();
    await new Promise((resolve) => setTimeout(resolve, 500));
    tell(at(1, 'start'));

    expect(await next()).to.equal('start');
  });

  it('are read from pieces of lines, and half of one is none', async () => {
    await begin();
    const [stream] = streams;
    const line = lineOf(at(1, 'exec_start: echo ü'));
    const bytes = Buffer.from(line);
    for (const byte of bytes) stream?.write(Buffer.of(byte));
    expect(await next()).to.equal('exec_start=echo ü');
    ring = [at(1, 'exec_start: echo ü')];
    stream?.write(lineOf(at(2, 'start')).slice(0, -5));
    await new Promise((resolve) => setTimeout(resolve, 20));
    cut();

    expect(await some(2)).to.deep.equal(['disconnected', 'resumed']);
    tell(at(2, 'start'));
    expect(await next()).to.equal('start');
  });

  it('may be long, and one that is too long costs no memory but a resync', async () => {
    await begin();
    tell({ ...at(1, 'create'), padding: 'x'.repeat(1 << 20) });
    tell({ ...at(2, 'create'), padding: 'x'.repeat(1 << 23) });
    tell(at(3, 'start'));

    expect(await some(3)).to.deep.equal(['create', 'resync unreadable', 'start']);
  });

  it('are to be read anew where one cannot be understood', async () => {
    await begin();
    for (const stream of streams) stream.write('\n{"Type":"container"}\nnull\n');
    tell(at(1, 'start'));

    expect(await some(3)).to.deep.equal(['resync unreadable', 'resync unreadable', 'start']);
  });

  it('do not wait in dockerd for a slow consumer, who is told that it was too slow', async () => {
    await begin();
    const [stream] = streams;
    const count = 12_000;
    for (let index = 0; index < count; index++) {
      if (stream?.write(lineOf(at(index, 'exec_die'))) === false) await once(stream, 'drain');
    }
    stream?.write(lineOf(at(count, 'start')));
    await new Promise((resolve) => setTimeout(resolve, 200));
    let taken = 0;
    let said = await next();
    for (; said === 'exec_die'; said = await next()) taken++;
    tell(at(count + 1, 'die'));

    expect(taken).to.be.within(9_000, 10_100);
    expect([said, await next()]).to.deep.equal(['resync overrun', 'die']);
  });

  it('end at the signal, also while the engine is away', async () => {
    for (const isAway of [false, true]) {
      const ending = new AbortController();
      if (isAway) await engine.kill();
      follow({ signal: ending.signal });
      expect(await next()).to.equal(isAway ? 'disconnected' : 'resync first');
      const end = next();
      ending.abort();

      expect(await end).to.equal('end');
    }
  });

  it('close the connection when their consumer leaves', async () => {
    await begin();
    await notices.return();
    while (streams.size > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(pauses).to.deep.equal([]);
  });

  it('come once and in order, wherever the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('event', 'missed', 'cut'), { maxLength: 30 }), async (steps) => {
        ring = [];
        await begin();
        tell(at(0, 'first'));
        const expected = ['first'];
        for (const [index, step] of steps.entries()) {
          const told = at(index + 1, `e${index}`);
          if (step === 'cut') cut();
          // Happens while nobody listens.
          else if (step === 'missed') ring = [...ring, told];
          else tell(told);
          if (step !== 'cut') expected.push(told.action);
          if (step === 'missed') cut();
          await new Promise((resolve) => setTimeout(resolve, index % 3));
        }
        const last = at(steps.length + 1, 'last');
        ring = [...ring, last];
        cut();
        const given: string[] = [];
        let said = '';
        while (said !== 'last') {
          said = await next();
          if (said !== 'disconnected' && said !== 'resumed' && said !== 'resync gap') given.push(said);
        }
        await notices.return();
        expect(given).to.deep.equal([...expected, 'last']);
      }),
      { numRuns: 30 },
    );
  });
});

function nanoOf(time: string | null): bigint | undefined {
  const [seconds = '', nano = ''] = time?.split('.') ?? [];
  return time === null ? undefined : BigInt(seconds + nano);
}

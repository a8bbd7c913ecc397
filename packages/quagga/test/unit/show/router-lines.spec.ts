import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { VtyLines } from '../../../src/show/router-lines.ts';

describe('VtyLines', () => {
  let directory: string;
  let lines: VtyLines;
  let server: Server | undefined;
  const connections = new Set<Socket>();
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-vty-'));
    lines = new VtyLines(['/nonexistent', directory]);
  });
  afterEach(async () => {
    await lines.close();
    await stop();
    await rm(directory, { recursive: true });
  });

  let opened = 0;
  /** A daemon that answers any command but `enable` with this text and status. */
  const serve = async (text: string, status = 0): Promise<void> => {
    opened = 0;
    const listening = createServer((socket) => {
      opened++;
      connections.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        const isEnable = data.toString() === 'enable\0';
        socket.write(`${isEnable ? '' : text}\0\0\0${String.fromCharCode(isEnable ? 0 : status)}`);
      });
    });
    server = listening;
    await new Promise<void>((resolve) => listening.listen(join(directory, 'zebra.vty'), resolve));
  };
  const stop = async (): Promise<void> => {
    for (const socket of connections) socket.destroy();
    connections.clear();
    const closing = server;
    server = undefined;
    if (closing !== undefined) await new Promise((resolve) => closing.close(resolve));
  };

  it('keeps one connection for many questions', async () => {
    await serve('{"routesTotal":3}');

    for (let time = 0; time < 3; time++) expect(await lines.ask('zebra', 'x json')).to.deep.equal({ routesTotal: 3 });

    expect(opened).to.equal(1);
  });

  it('has no answer of a daemon that does not run', async () => {
    expect(await lines.ask('bgpd', 'x json')).to.equal(undefined);
  });

  it('has no answer to a command that the daemon refuses, or that is no JSON', async () => {
    await serve('% Unknown command', 2);
    expect(await lines.ask('zebra', 'x json')).to.equal(undefined);
    await stop();
    await serve('% Network not in table');
    expect(await lines.ask('zebra', 'x json')).to.equal(undefined);
  });

  it('connects again to a daemon that was restarted', async () => {
    await serve('{"life":1}');
    await lines.ask('zebra', 'x json');
    await stop();
    await serve('{"life":2}');

    expect(await lines.ask('zebra', 'x json')).to.deep.equal({ life: 2 });
    expect(lines.stuck).to.deep.equal([]);
  });

  it('asks a daemon that hangs once, and has no answer of it for a while', async () => {
    const connections: Socket[] = [];
    const hanging = createServer((socket) => void connections.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => hanging.listen(join(directory, 'ospfd.vty'), resolve));
    const patient = new VtyLines([directory], { deadlineMs: 100, stuckMs: 60_000 });
    const started = performance.now();

    const answers = await Promise.all(Array.from({ length: 20 }, () => patient.ask('ospfd', 'x json')));
    for (let time = 0; time < 100; time++) answers.push(await patient.ask('ospfd', 'x json'));

    expect(new Set(answers)).to.deep.equal(new Set([undefined]));
    expect(patient.stuck).to.deep.equal(['ospfd']);
    expect(connections).to.have.length(1);
    expect(performance.now() - started).to.be.lessThan(2_000);
    connections.forEach((socket) => socket.destroy());
    await new Promise((resolve) => hanging.close(resolve));
  });

  it('closes while a daemon has not answered yet', async () => {
    const sockets: Socket[] = [];
    const hanging = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
      socket.on('data', (data) => data.toString() === 'enable\0' && socket.write('\0\0\0\0'));
    });
    await new Promise<void>((resolve) => hanging.listen(join(directory, 'ospfd.vty'), resolve));
    const asking = new VtyLines([directory], { deadlineMs: 30_000 });
    const answer = asking.ask('ospfd', 'x json');
    while (sockets.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));

    const started = performance.now();
    await asking.close();

    expect(await answer).to.equal(undefined);
    expect(performance.now() - started).to.be.lessThan(1_000);
    sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => hanging.close(resolve));
  });
});

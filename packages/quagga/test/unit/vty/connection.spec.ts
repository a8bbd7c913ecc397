import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openVty, type VtyConnection } from '../../../src/vty.ts';

describe('openVty', () => {
  let directory: string;
  let server: Server;
  let connection: VtyConnection | undefined;

  /** A daemon that answers what it knows, each piece of an answer in a packet of its own. */
  async function daemon(answers: Readonly<Record<string, readonly string[]>>): Promise<string> {
    const path = join(directory, 'zebra.vty');
    server = createServer((socket) => {
      socket.setNoDelay(true);
      socket.on('data', (line) => {
        for (const piece of answers[line.toString().replace('\0', '')] ?? []) socket.write(piece);
      });
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return path;
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-vty-'));
  });
  afterEach(async () => {
    await connection?.[Symbol.asyncDispose]();
    connection = undefined;
    server.close();
    await rm(directory, { recursive: true });
  });

  it('returns the text and the status of each answer, also of one that comes in pieces', async () => {
    const path = await daemon({ enable: ['\0\0\0\0'], one: ['a ', 'b', '\0\0', '\0\0'], two: ['% no\0\0\0\x02'] });
    connection = await openVty(path);

    const replies = await Promise.all([connection.command('one'), connection.command('two')]);

    expect(replies).to.deep.equal([
      { status: 0, text: 'a b' },
      { status: 2, text: '% no' },
    ]);
  });

  it('gives up a daemon that does not answer within the deadline', async () => {
    const path = await daemon({ enable: ['\0\0\0\0'] });
    connection = await openVty(path, { deadlineMs: 50 });

    const failure = await connection.command('show version').catch((error: unknown) => error);

    expect(failure).to.have.property('code', 'VTY_FAILED');
    expect(String(failure)).to.contain('no answer within 0.05 s').and.to.contain(path);
  });

  it('refuses commands once the daemon has gone', async () => {
    const path = await daemon({ enable: ['\0\0\0\0'] });
    connection = await openVty(path, { deadlineMs: 50 });
    await connection.command('show version').catch(() => undefined);

    const failure = await connection.command('show version').catch((error: unknown) => error);

    expect(String(failure)).to.contain('the connection is closed');
  });

  it('sends nothing that would be two commands, or more than a daemon reads', async () => {
    const path = await daemon({ enable: ['\0\0\0\0'], 'show x': ['y\0\0\0\0'] });
    connection = await openVty(path);

    for (const line of [
      'show x\0no router ospf',
      'a\nb',
      'a\rb',
      'a\u001bb',
      'a\u0085b',
      'a\u2028b',
      'x'.repeat(5000),
    ]) {
      const failure = await connection.command(line).catch((error: unknown) => error);
      expect(failure, JSON.stringify(line)).to.have.property('code', 'VTY_FAILED');
      expect(String(failure)).to.match(/control character|longer than the daemons read/);
      expect(String(failure)).to.have.length.lessThan(300);
    }

    expect(await connection.command('show x')).to.deep.equal({ status: 0, text: 'y' });
  });

  it('is open for ever on request, and still gives up a daemon that hangs', async () => {
    const path = await daemon({ enable: ['\0\0\0\0'], 'show x': ['y\0\0\0\0'] });
    connection = await openVty(path, { deadlineMs: 40, idleMs: 0 });
    await new Promise((resolve) => setTimeout(resolve, 100));

    expect(await connection.command('show x')).to.deep.equal({ status: 0, text: 'y' });
    expect(String(await connection.command('show z').catch((error: unknown) => error))).to.contain(
      'no answer within 0.04 s',
    );
  });

  it('reads an answer of megabytes that comes in many pieces', async () => {
    const piece = 'route '.repeat(2000);
    const path = await daemon({ enable: ['\0\0\0\0'], all: [...Array<string>(500).fill(piece), '\0', '\0\0', '\0'] });
    connection = await openVty(path);

    const { text } = await connection.command('all');

    expect(text).to.have.length(piece.length * 500 - 1);
  });

  it('ends at once while a daemon has not answered', async () => {
    const path = await daemon({ enable: ['\0\0\0\0'] });
    connection = await openVty(path);
    const failures = ['one', 'two'].map((line) => connection!.command(line).catch((error: unknown) => String(error)));

    await connection[Symbol.asyncDispose]();

    expect(await Promise.all(failures)).to.have.length(2);
    expect(await failures[1]).to.contain('closed');
  });
});

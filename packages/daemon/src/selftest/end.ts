import { openPluginClient } from '@routed/plugin-protocol';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerQuestion } from './dns-answer.ts';
import { type EndReply, type EndRequest, type EndTasks, PORTS, type UndoCall } from './end-protocol.ts';

/** Port of DNS. Source: RFC 1035. */
const DNS_PORT = 53;
/** How long the daemon may be away when what a killed selftest left is taken away, and the pauses between tries. */
const UNDO = { tries: 30, pauseMs: 1_000 } as const;

/** What an end has heard, and knows. */
interface Memory {
  readonly heard: Set<string>;
  names: Readonly<Record<string, readonly string[]>>;
  undo: { readonly socketPath: string; readonly calls: readonly UndoCall[] };
}

/**
 * One of the two ends of a selftest: a process in a network namespace of its own, which does what it reads from standard input. When
 * that ends it takes away what the selftest made and did not take away itself, since it was killed.
 */
export async function runEnd(): Promise<void> {
  // Ctrl-C is for the selftest, which then ends this one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.stdout.on('error', () => undefined);
  const memory: Memory = { heard: new Set(), names: {}, undo: { socketPath: '', calls: [] } };
  const reply = (line: EndReply): unknown => process.stdout.write(`${JSON.stringify(line)}\n`);
  for (const port of Object.values(PORTS)) {
    await serveDatagrams(port, (message, { address }) => {
      memory.heard.add(bare(address));
      return message;
    });
    await serveStreams(port);
  }
  await serveDatagrams(DNS_PORT, (question) => answerQuestion(question, memory.names));
  const tasks = tasksWith(memory);
  reply({ id: 0 });
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, name, task } = JSON.parse(line) as EndRequest;
    const work = tasks[name] as (task: unknown) => Promise<unknown>;
    work(task).then(
      (value) => reply({ id, value }),
      (error: unknown) => reply({ id, error: (error as Error).message }),
    );
  }
  await undo(memory.undo);
  process.exit();
}

function tasksWith(memory: Memory): EndTasks {
  return {
    datagram: sendDatagrams,
    stream: sendStream,
    heard: () => Promise.resolve([...memory.heard]),
    names: (names) => {
      memory.names = names;
      return Promise.resolve(true);
    },
    resolve: async ({ name, server }) => {
      const resolver = new Resolver({ timeout: 2_000, tries: 5 });
      resolver.setServers([server]);
      return await resolver.resolve4(name);
    },
    undo: (calls) => {
      memory.undo = calls;
      return Promise.resolve(true);
    },
  };
}

const sendDatagrams: EndTasks['datagram'] = async ({ to, port, from, sizeBytes, tries, timeoutMs }) => {
  const socket = createSocket(to.includes(':') ? 'udp6' : 'udp4');
  // That nobody listens there, or that it may not be sent, shows as no answer.
  socket.on('error', () => undefined);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port: 0, ...(from !== undefined && { address: from }) }, resolve);
    });
    for (let count = 0; count < tries; count++) {
      const isOver = new AbortController();
      const answer = once(socket, 'message', { signal: isOver.signal }).then(
        () => true,
        () => false,
      );
      socket.send(Buffer.alloc(sizeBytes, count), port, to, () => undefined);
      const isAnswered = await Promise.race([answer, sleep(timeoutMs, false)]);
      isOver.abort();
      if (isAnswered) return { isAnswered };
    }
    return { isAnswered: false };
  } finally {
    socket.close();
  }
};

const sendStream: EndTasks['stream'] = async ({ to, port, sizeBytes, timeoutMs }) => {
  const begin = performance.now();
  const elapsed = (): number => performance.now() - begin;
  const socket = connect({ host: to, port });
  const timer = setTimeout(() => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })), timeoutMs);
  try {
    socket.end(Buffer.alloc(sizeBytes));
    const arrived = Number(await text(socket));
    return arrived === sizeBytes
      ? { ms: elapsed() }
      : { failed: `${arrived} of ${sizeBytes} bytes arrived`, ms: elapsed() };
  } catch (error) {
    return { failed: (error as NodeJS.ErrnoException).code ?? (error as Error).message, ms: elapsed() };
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
};

type Answerer = (message: Buffer, from: { readonly address: string }) => Buffer | undefined;

async function serveDatagrams(port: number, answer: Answerer): Promise<void> {
  const socket = await boundTo(port);
  socket.on('error', () => undefined);
  socket.on('message', (message, from) => {
    const reply = answer(message, from);
    if (reply !== undefined) socket.send(reply, from.port, from.address, () => undefined);
  });
}

/** Of both families where the host has IPv6. */
async function boundTo(port: number): Promise<DatagramSocket> {
  for (const type of ['udp6', 'udp4'] as const) {
    const socket = createSocket(type);
    try {
      socket.bind(port);
      await once(socket, 'listening');
      return socket;
    } catch (error) {
      socket.close();
      if (type === 'udp4') throw error;
    }
  }
  throw new Error('unreachable');
}

/** Answers with how many bytes came. */
async function serveStreams(port: number): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    let sizeBytes = 0;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (sizeBytes += chunk.length));
    socket.on('end', () => socket.end(String(sizeBytes)));
  });
  server.listen(port);
  await once(server, 'listening');
}

async function undo({ socketPath, calls }: Memory['undo']): Promise<void> {
  if (calls.length === 0) return;
  const client = openPluginClient({ socketPath });
  for (const { method, request } of calls) {
    for (let count = 0; count < UNDO.tries; count++) {
      const failure = await client.call(method, request as never).then(
        () => undefined,
        (error: unknown) => error as { readonly code?: string },
      );
      // What the daemon refuses, such as to delete what is gone, it refuses again.
      if (failure?.code !== 'NO_REPLY') break;
      await sleep(UNDO.pauseMs);
    }
  }
  client.close();
}

/** An address of IPv4 as such, where a socket of both families got it. */
function bare(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}

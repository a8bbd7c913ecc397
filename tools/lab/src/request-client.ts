// request-client.js ADDRESS PER_SECOND: asks the web server there so often, each time through a new connection; every tenth request is for
// /slow, the others are for /. At SIGTERM it waits for what is open, and prints a RequestReport.
import { connect } from 'node:net';
import { setInterval, clearInterval } from 'node:timers';
import type { RequestFailure, RequestProblem } from './request-watch.ts';

const TIMEOUT_MS = 5_000;
const DELAYED_MS = 900;
const SLOW_EVERY = 10;
const TICK_MS = 2;

const PROBLEMS: Readonly<Record<string, RequestProblem>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ETIMEDOUT: 'timed out',
};

const [host = '', perSecond = ''] = process.argv.slice(2);
const counts = { tried: 0, open: 0, mostOpen: 0, delayed: 0, slowestMs: 0 };
const answers: Record<string, number> = {};
const failures: RequestFailure[] = [];
let isEnding = false;

function ask(): void {
  const [atMs, startMs] = [Date.now(), performance.now()];
  const path = counts.tried % SLOW_EVERY === 0 ? '/slow' : '/';
  counts.tried += 1;
  counts.open += 1;
  counts.mostOpen = Math.max(counts.mostOpen, counts.open);
  let received = '';
  let code: string | undefined;
  let port = 0;
  const socket = connect({ host, port: 80, noDelay: true });
  const timer = setTimeout(() => socket.destroy(new Error('ETIMEDOUT')), TIMEOUT_MS);
  socket.on('connect', () => {
    port = socket.localPort ?? 0;
    socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
  });
  socket.on('data', (data) => (received += String(data)));
  socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? error.message));
  socket.on('close', () => {
    clearTimeout(timer);
    counts.open -= 1;
    const tookMs = performance.now() - startMs;
    counts.slowestMs = Math.max(counts.slowestMs, tookMs);
    if (tookMs > DELAYED_MS) counts.delayed += 1;
    const problem = problemOf(code, received);
    if (problem !== undefined)
      failures.push({ atMs, tookMs: Math.round(tookMs), path, port, problem, received: received.slice(-100) });
    endIfDone();
  });
}

/** What is wrong with an answer; undefined, and counted: it is the page, with the name of a server. */
function problemOf(code: string | undefined, received: string): RequestProblem | undefined {
  if (code !== undefined) return PROBLEMS[code] ?? 'unreachable';
  if (received !== '' && !/^HTTP\/1\.[01] 200 /.test(received)) return 'wrong answer';
  const [, name] = /\r?\n\r?\n(\S+)\n$/.exec(received) ?? [];
  if (name === undefined) return 'cut off';
  answers[name] = (answers[name] ?? 0) + 1;
  return undefined;
}

function endIfDone(): void {
  if (!isEnding || counts.open > 0) return;
  const { tried, mostOpen, delayed, slowestMs } = counts;
  process.stdout.write(`\n${JSON.stringify({ tried, mostOpen, delayed, slowestMs, answers, failures })}\n`);
  process.exit();
}

const startedMs = performance.now();
// By the clock, not by the tick: a machine that was busy for a moment makes up for it.
const ticking = setInterval(() => {
  const due = Math.floor(((performance.now() - startedMs) * Number(perSecond)) / 1_000);
  while (counts.tried < due) ask();
}, TICK_MS);
process.on('SIGTERM', () => {
  clearInterval(ticking);
  isEnding = true;
  endIfDone();
});
process.stdout.write('ready\n');

/**
 * Runs inside the daemon (node --import) and answers the benchmark's questions about it on a socket of its own.
 * Until the first question it only listens.
 *
 * Each connection sends one line: `start`, `stop` or `memory`. `stop` answers what
 * happened since `start`, `memory` what is in use after a garbage collection; both as JSON.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const resolutionMs = 1;
const delay = monitorEventLoopDelay({ resolution: resolutionMs });

function start() {
  delay.reset();
  delay.enable();
  return {};
}

function stop() {
  delay.disable();
  const toMs = (ns) => Math.max(0, ns / 1e6 - resolutionMs);
  return { delayMs: { p50: toMs(delay.percentile(50)), p99: toMs(delay.percentile(99)), max: toMs(delay.max) } };
}

function memory() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage();
}

const commands = { start, stop, memory };

const server = createServer(async (socket) => {
  const [line] = await once(createInterface({ input: socket }), 'line');
  socket.end(JSON.stringify(commands[line]()));
});
server.listen(process.env.ROUTED_BENCH_PROBE).unref();

// Runs in a host: for each line "ADDRESS PORT" on stdin it tries to connect until somebody answers, and writes when, in
// nanoseconds of the monotonic clock, which all processes share.
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers';

const everyMs = 0.25;

/** A packet that comes too early is lost, and TCP repeats it after a second: so many short attempts. */
function reach(host, port) {
  return new Promise((resolve) => {
    const attempts = new Set();
    let isReached = false;
    let last = 0;
    const attempt = () => {
      const socket = connect({ host, port });
      attempts.add(socket);
      socket.on('error', () => attempts.delete(socket));
      socket.on('connect', () => {
        if (isReached) return;
        isReached = true;
        resolve(process.hrtime.bigint());
        for (const other of attempts) other.destroy();
      });
    };
    const tick = () => {
      if (isReached) return;
      if (performance.now() - last >= everyMs) {
        last = performance.now();
        attempt();
      }
      setImmediate(tick);
    };
    tick();
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const [host, port] = line.split(' ');
  console.log('trying');
  console.log(String(await reach(host, Number(port))));
}

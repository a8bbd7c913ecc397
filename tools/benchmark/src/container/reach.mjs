// Runs in a host: for each line "ADDRESS PORT" on stdin it tries to connect until somebody answers, and writes when, in
// nanoseconds of the monotonic clock, which all processes share.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { clearInterval, setInterval } from 'node:timers';

// Without pause it would keep one processor of two from those that it measures.
const everyMs = 1;

/** A packet that comes too early is lost, and TCP repeats it after a second: so many short attempts. */
function reach(host, port) {
  return new Promise((resolve) => {
    const attempts = new Set();
    const attempt = () => {
      const socket = connect({ host, port });
      attempts.add(socket);
      socket.on('error', () => attempts.delete(socket));
      socket.on('connect', () => {
        resolve(process.hrtime.bigint());
        clearInterval(timer);
        for (const other of attempts) other.destroy();
      });
    };
    const timer = setInterval(attempt, everyMs);
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const [host, port] = line.split(' ');
  console.log('trying');
  console.log(String(await reach(host, Number(port))));
}

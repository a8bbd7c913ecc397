// new-connections.mjs ADDRESS: asks a web server there for its page every 5 ms, each time through a new connection. Says at SIGTERM
// how many were tried, and what became of those that failed.
import { connect } from 'node:net';
import { clearInterval, setInterval } from 'node:timers';

const intervalMs = 5;
const timeoutMs = 3_000;
const [host] = process.argv.slice(2);

let [tried, open, isEnding] = [0, 0, false];
const failures = [];

function ask() {
  const at = Date.now();
  tried += 1;
  open += 1;
  let answer = '';
  let problem = 'closed';
  const socket = connect({ host, port: 80, noDelay: true });
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error('timeout')));
  socket.on('connect', () => socket.write('GET /name HTTP/1.0\r\n\r\n'));
  socket.on('data', (data) => (answer += String(data)));
  socket.on('error', (error) => (problem = error.code ?? error.message));
  socket.on('close', () => {
    open -= 1;
    if (!answer.startsWith('HTTP/1.0 200 ') && !answer.startsWith('HTTP/1.1 200 ')) failures.push({ at, problem });
    endIfDone();
  });
}

function endIfDone() {
  if (!isEnding || open > 0) return;
  console.log(JSON.stringify({ tried, failures }));
  process.exit();
}

const timer = setInterval(ask, intervalMs);
process.on('SIGTERM', () => {
  clearInterval(timer);
  isEnding = true;
  endIfDone();
});
console.log('ready');

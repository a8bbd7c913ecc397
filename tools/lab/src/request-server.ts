// request-server.js: a web server on port 80 that answers with the name of its host, /slow after 0.2 s, each connection once. It ends at SIGTERM.
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers';

const SLOW_MS = 200;
const QUICK_MS = 2;
/** Requests come in bursts while the machine is busy: none is to fail for that. */
const BACKLOG = 4_096;

const server = createServer({ keepAlive: false }, ({ url }, response) => {
  const answer = (): void => {
    response.writeHead(200, { 'Content-Type': 'text/plain', Connection: 'close' });
    response.end(`${hostname()}\n`);
  };
  setTimeout(answer, url === '/slow' ? SLOW_MS : QUICK_MS);
});
server.listen({ port: 80, host: '::', backlog: BACKLOG });
process.on('SIGTERM', () => process.exit());

// Ends with 0 when the plugin in this container answers Docker's calls: for HEALTHCHECK, without what a command loads.
import { request } from 'node:http';

const socketPath = process.env.ROUTED_ADMIN_SOCKET ?? '/run/routed/admin.sock';
request({ socketPath, path: '/readyz', timeout: 8000 }, (reply) => {
  reply.setEncoding('utf8').on('data', (text) => process.stdout.write(text));
  process.exitCode = reply.statusCode === 200 ? 0 : 1;
})
  .on('error', ({ message }) => {
    process.stdout.write(`${message}\n`);
    process.exitCode = 1;
  })
  .on('timeout', () => process.exit(1))
  .end();

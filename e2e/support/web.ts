import { chmod, mkdir, writeFile } from 'node:fs/promises';
import type { Host } from '@routed/lab';

const root = '/run/www';

/** Starts an HTTP server on the host itself, which answers with the address of whoever asks. */
export async function equipWebServer(host: Host): Promise<void> {
  const directory = host.outsidePath(`${root}/cgi-bin`);
  await mkdir(directory, { recursive: true });
  await writeFile(`${directory}/who`, '#!/bin/sh\necho\necho $REMOTE_ADDR\n');
  await chmod(`${directory}/who`, 0o755);
  await host.spawn(['busybox', 'httpd', '-f', '-p', '80', '-h', root], { name: 'httpd' });
}

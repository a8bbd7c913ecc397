import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_LIMITS, listen, type PluginServer } from '@routed/plugin-server';
import { fakeKernel } from '@routed/netns/testing';
import { fakeSandbox } from '../../../../datapath/test/unit/support/sandbox.ts';
import { endpointId, NETWORK, OneContainer } from '../../../../driver/test/unit/support/one-container.ts';
import {
  createNetwork,
  dockerId,
  startContainer,
  type WiredDaemon,
  wiredDaemon,
} from '../../../../driver/test/unit/support/wired.ts';
import { createAdminApp } from '../../../src/admin/admin-app.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';

const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * The driver on a kernel in memory, behind its admin socket: a container `web` (10.1.0.2) runs on the network `web-net`
 * (10.1.0.0/16). Docker no longer has the
 * network of 10.200.0.0/16. Beside the socket there are FOREIGN, a server that is somebody else, and FILE, which is no socket.
 */
export class OperatedDaemon {
  readonly directory: string;
  readonly daemon: WiredDaemon;
  readonly #metrics: Metrics;
  readonly #server: PluginServer;
  readonly #foreign: Server;

  private constructor(parts: {
    readonly directory: string;
    readonly daemon: WiredDaemon;
    readonly metrics: Metrics;
    readonly server: PluginServer;
    readonly foreign: Server;
  }) {
    this.directory = parts.directory;
    this.daemon = parts.daemon;
    this.#metrics = parts.metrics;
    this.#server = parts.server;
    this.#foreign = parts.foreign;
  }

  static async start(): Promise<OperatedDaemon> {
    const directory = await mkdtemp(join(tmpdir(), 'routed-operated-'));
    const { docker } = new OneContainer();
    const kernel = fakeKernel();
    const sandbox = fakeSandbox(kernel);
    const dockerNetworks = [
      { id: NETWORK, name: 'web-net', driver: 'routed', ipamDriver: 'routed', options: {}, subnets: [] },
    ];
    const daemon = await wiredDaemon({ docker, dockerNetworks, kernel, openSandbox: () => sandbox.open() });
    const poolId = await createNetwork(daemon);
    await createNetwork(daemon, { id: dockerId('01d'), subnet: '10.200.0.0/16' });
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
    await sandbox.receive(endpointId, '10.1.0.2/32');
    const metrics = new Metrics();
    const deps = { loaded: Promise.resolve(daemon.parts), metrics, logger, problems: () => [], maxCalls: 8 };
    const app = createAdminApp({ ...deps, stopping: new AbortController().signal });
    const server = await listen({ path: join(directory, 'admin.sock') }, app, { limits: ADMIN_LIMITS, logger });
    const foreign = createServer((socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}'));
    foreign.listen(join(directory, 'FOREIGN'));
    await once(foreign, 'listening');
    await writeFile(join(directory, 'FILE'), '');
    return new OperatedDaemon({ directory, daemon, metrics, server, foreign });
  }

  get adminSocket(): string {
    return join(this.directory, 'admin.sock');
  }

  async close(): Promise<void> {
    this.#foreign.close();
    await this.#server.close();
    this.#metrics.stop();
    await this.daemon.stop();
    await rm(this.directory, { recursive: true });
  }
}

import { ipamCapabilities, networkCapabilities } from '@routed/driver';
import type { OpenSandbox } from '@routed/datapath';
import { ADMIN_LIMITS, createPluginApp, listen, PLUGIN_LIMITS, type ServerLimits } from '@routed/plugin-server';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeKernel } from '@routed/netns/testing';
import type Koa from 'koa';
import { z } from 'zod';
import { createAdminApp } from '../../../packages/daemon/src/admin/admin-app.ts';
import { Metrics } from '../../../packages/daemon/src/metrics/metrics.ts';
import type { DriverComponents } from '../../../packages/driver/src/assemble.ts';
import { fakeSandbox } from '../../../packages/datapath/test/unit/support/sandbox.ts';
import type { Logger } from '../../../packages/daemon/src/ground/logger.ts';
import {
  createNetwork,
  dockerId,
  dockerOf,
  startContainer,
  wiredDaemon,
} from '../../../packages/driver/test/unit/support/wired.ts';
import { isTyped } from '../typed-errors.ts';
import { HttpClient } from './http-client.ts';

/** Ids that the daemon knows, and some that it does not. */
export const IDS = ['c98909', 'e1', 'e2', 'e3', 'ab'].map(dockerId);
export const CONTAINERS = ['web', 'db', 'none'];

/** The daemon's applications behind real sockets, on a kernel in memory, with a network and two containers. */
export interface ServedDaemon {
  readonly client: HttpClient;
  /** Throws what was logged as a failure and is none of our errors. */
  complain(): void;
  close(): Promise<void>;
}

/** Whether an error is one that the admin socket answers by its kind. */
function isExpected(error: unknown): boolean {
  if (isTyped(error) || error instanceof z.ZodError || error instanceof SyntaxError) return true;
  // Of raw-body, koa and its router.
  return error instanceof Error && 'status' in error && Number(error.status) < 500;
}

export async function serveDaemon(kind: 'plugin' | 'admin'): Promise<ServedDaemon> {
  const failures: unknown[] = [];
  const note = (fields: object): void => {
    if ('err' in fields && !isExpected(fields.err)) failures.push(fields.err);
  };
  const quiet = (): undefined => undefined;
  const logger: Logger = { debug: quiet, info: quiet, warn: note, error: note };
  const directory = await mkdtemp(join(tmpdir(), 'routed-fuzz-'));
  const [networkId = '', first = '', second = ''] = IDS;
  const containers = [
    { id: dockerId('d1'), name: 'web', networks: [{ networkName: 'apps', networkId, endpointId: first }] },
    { id: dockerId('d2'), name: 'db', networks: [{ networkName: 'apps', networkId, endpointId: second }] },
  ];
  const kernel = fakeKernel();
  const sandboxes = new Map([first, second].map((id) => [`/var/run/docker/netns/${id}`, fakeSandbox(kernel)]));
  const openSandbox: OpenSandbox = (key) =>
    sandboxes.get(key)?.open() ?? Promise.reject(new Error(`no sandbox ${key}`));
  const daemon = await wiredDaemon({ kernel, openSandbox, docker: dockerOf(() => containers) });
  const poolId = await createNetwork(daemon, { id: networkId });
  for (const endpointId of [first, second]) {
    const sandbox = `/var/run/docker/netns/${endpointId}`;
    const { address } = await startContainer(daemon, { poolId, endpointId, networkId, sandbox });
    await sandboxes.get(sandbox)?.receive(endpointId, address);
  }

  const stopping = new AbortController();
  const path = join(directory, 'served.sock');
  const { app, limits } = applicationOf(kind, daemon.parts, { stopping: stopping.signal, logger });
  const server = await listen({ path }, app, { limits, logger });
  const client = new HttpClient(path);
  return {
    client,
    complain: () => {
      const [failure] = failures.splice(0);
      if (failure !== undefined) throw failure as Error;
    },
    close: async () => {
      stopping.abort();
      client.close();
      await server.close();
      await daemon.stop();
      await rm(directory, { recursive: true });
    },
  };
}

function applicationOf(
  kind: 'plugin' | 'admin',
  parts: DriverComponents,
  { stopping, logger }: { readonly stopping: AbortSignal; readonly logger: Logger },
): { readonly app: Koa; readonly limits: ServerLimits } {
  const metrics = new Metrics();
  if (kind === 'admin') {
    const loaded = Promise.resolve(parts);
    const limits = ADMIN_LIMITS;
    const deps = { loaded, metrics, problems: () => [], stopping, logger };
    return { app: createAdminApp({ ...deps, maxCalls: limits.calls }), limits };
  }
  const limits = PLUGIN_LIMITS;
  const atOnce = { 'Plugin.Activate': () => ({ Implements: [] }), ...networkCapabilities, ...ipamCapabilities };
  const loaded = Promise.resolve({ ...parts.network, ...parts.ipam });
  return {
    app: createPluginApp({ atOnce, loaded, observer: metrics, isRefusal: () => false, logger, maxCalls: limits.calls }),
    limits,
  };
}

import { openDatabase, recordsOf } from '@routed/store';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseServeOptions } from '../../src/serve/serve-options.ts';
import { startDaemon } from '../../src/serve/daemon.ts';

const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('a start that fails', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-start-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  for (const kind of ['leases', 'networks', 'sticky']) {
    it(`says what to do about a damaged record of ${kind}, and holds nothing open`, async () => {
      const stateDir = join(directory, 'state');
      const before = await openDatabase(stateDir);
      await recordsOf(before, 'pools').put('p', {
        ...{ id: 'routed-local/10.1.0.0/16', addressSpace: 'routed-local', family: 4, prefix: '10.1.0.0/16' },
      });
      await recordsOf(before, kind).put('routed-local/10.1.0.0/16 x', { id: 'x' });
      await before.close();
      const options = parseServeOptions({
        ...{ mtu: '1500', netsock: 'net-routed', ipamsock: 'ipam-routed', pluginDir: directory, stateDir },
        ...{ adminSocket: join(directory, 'admin.sock'), dockerSocket: '/none', logLevel: 'info', logFormat: 'json' },
      });

      const failure = await startDaemon(options, new Map(), logger).catch((error: unknown) => error);

      expect(failure).to.include({ code: 'STATE_UNREADABLE' });
      expect((failure as Error).message).to.contain(`record "${kind} `);
      expect(await readdir(directory)).to.deep.equal(['state']);
      await (await openDatabase(stateDir)).close();
    });
  }
});

import { readdir } from 'node:fs/promises';
import { isPluginCallError, openPluginClient, type PluginClient } from '@routed/plugin-protocol';
import { expect } from 'chai';
import { activate, type Activated } from './support/activator.ts';
import { createNetwork } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { setStage, type Stage } from './support/stage.ts';

const sockets = ['ipam-routed.sock', 'net-routed.sock', 'routed.sock'];

function clientOf(stage: Stage, name: string): PluginClient {
  return openPluginClient({ socketPath: `${stage.host.outsidePath(stage.host.pluginDir)}/${name}.sock` });
}

async function socketsOf(stage: Stage): Promise<string[]> {
  return await readdir(stage.host.outsidePath(stage.host.pluginDir));
}

async function untilListening(stage: Stage): Promise<void> {
  await eventually(async () => expect(await socketsOf(stage)).to.have.members(sockets));
}

/** Calls without a break until it is told to stop, and tells which calls were lost. */
function callAllTheTime(
  client: PluginClient,
  callers: number,
): { readonly calls: () => number; stop(): Promise<string[]> } {
  let isOver = false;
  let calls = 0;
  const lost: string[] = [];
  const call = async (): Promise<void> => {
    try {
      await client.call('NetworkDriver.Leave', { NetworkID: 'n', EndpointID: 'e' });
      calls += 1;
    } catch (error) {
      // Of this call nothing was written; Go's HTTP client takes another connection then.
      const cause = isPluginCallError(error) ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
      if (cause?.code !== 'EPIPE') lost.push(String(error));
    }
  };
  const calling = Array.from({ length: callers }, async () => {
    while (!isOver) await call();
  });
  return {
    calls: () => calls,
    async stop() {
      isOver = true;
      await Promise.all(calling);
      return lost;
    },
  };
}

if (ENGINES_IN_FULL.length > 0) {
  describe('sockets of a service manager', () => {
    const stage = setStage({ host: { engine: 'none' }, plugin: 'none' });
    let activated: Activated;

    before(async () => {
      activated = await activate(stage.host);
      await untilListening(stage);
    });
    after(() => activated.manager.stop('SIGKILL'));

    const roles: [string, string[]][] = [
      ['routed', ['NetworkDriver', 'IpamDriver']],
      ['net-routed', ['NetworkDriver']],
      ['ipam-routed', ['IpamDriver']],
    ];
    for (const [name, expected] of roles) {
      it(`are served by their names: ${name}`, async () => {
        const client = clientOf(stage, name);

        const { Implements } = await client.call('Plugin.Activate');

        expect(Implements).to.deep.equal(expected);
        client.close();
      });
    }

    it('stay where they are when the plugin ends', async () => {
      await activated.restart();

      expect(await socketsOf(stage)).to.have.members(sockets);
    });

    it('lose no call when the plugin is restarted under load', async () => {
      const client = clientOf(stage, 'routed');
      const load = callAllTheTime(client, 8);

      for (let count = 0; count < 5; count += 1) {
        const soFar = load.calls();
        await eventually(() => Promise.resolve(expect(load.calls()).to.be.greaterThan(soFar + 200)), 20_000);
        await activated.restart();
      }

      expect(await load.stop()).to.deep.equal([]);
      client.close();
    });
  });

  describe('a plugin that a service manager starts and that cannot serve', () => {
    const stage = setStage({ host: { engine: 'none' }, plugin: 'none' });

    it('tells the caller who waits for it why, and ends', async () => {
      const { manager } = await activate(stage.host, { flags: '--state-dir /etc/passwd' });
      await untilListening(stage);
      const client = clientOf(stage, 'routed');

      const error: unknown = await client
        .call('NetworkDriver.Leave', { NetworkID: 'n', EndpointID: 'e' })
        .catch((thrown: unknown) => thrown);

      expect(String(error)).to.contain('state directory /etc/passwd cannot be created');
      client.close();
      await eventually(async () => {
        expect(await manager.log()).to.match(/routed-plugin: state directory \/etc\/passwd .*\nended with 1\n/);
      });
      await manager.stop('SIGKILL');
    });

    it('refuses to be root for whoever reaches a TCP port', async () => {
      const addresses = ['127.0.0.1:4000', '/run/one.sock', '/run/two.sock'];
      const { manager } = await activate(stage.host, { addresses });
      await eventually(() => stage.host.exec(['bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/4000']));

      await eventually(async () => {
        expect(await manager.log()).to.match(/socket routed of the service manager .*TCP.*\nended with 1\n/);
      });
      await manager.stop('SIGKILL');
    });
  });

  describe('containers started while the plugin is restarted by its service manager', () => {
    const stage = setStage({ plugin: 'none' });

    it('all start', async () => {
      const { host } = stage;
      const activated = await activate(host);
      await createNetwork(host, 'n', '10.1.0.0/16');
      const started: string[] = [];
      const over = new AbortController();
      const starting = (async () => {
        while (!over.signal.aborted)
          started.push(await host.docker('run', '--rm', '--network', 'n', 'alpine', 'hostname', '-i'));
      })();

      for (let restarts = 0; restarts < 4; restarts += 1) {
        const soFar = started.length;
        await eventually(() => Promise.resolve(expect(started.length).to.be.greaterThan(soFar)), 20_000);
        await activated.restart();
      }
      over.abort();
      await starting;

      expect(started).to.have.length.greaterThan(3);
      await host.docker('network', 'rm', 'n');
      await activated.manager.stop('SIGKILL');
    });
  });
}

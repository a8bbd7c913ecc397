import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { openPluginClient } from '@routed/plugin-protocol';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

const sockets = ['ipam-routed.sock', 'net-routed.sock', 'routed.sock'];

/** Well below the time after which whoever stops daemons loses patience: 10 s here, 90 s in systemd. */
const soonMs = 2_000;

if (ENGINES_IN_FULL.length > 0) {
  describe('stopping the plugin', () => {
    const stage = setStage({ host: { engine: 'none' }, plugin: 'none' });
    const directory = (): string => stage.host.outsidePath(stage.host.pluginDir);
    const routed = (): string => `${directory()}/routed.sock`;

    beforeEach(async () => {
      stage.plugin = await stage.host.startPlugin();
    });

    afterEach(() => stage.plugin.stop('SIGKILL'));

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`ends with exit code 0 at ${signal}, and removes its sockets`, async () => {
        expect(await readdir(directory())).to.have.members(sockets);

        expect(await stage.plugin.stop(signal)).to.equal(0);

        expect(await readdir(directory())).to.deep.equal([]);
      });
    }

    it('leaves forwarding as it found it, and the policy of FORWARD', async () => {
      const policy = async (): Promise<string> =>
        (await stage.host.exec(['sh', '-c', 'iptables -S FORWARD | head -1'])).stdout.trim();
      const forwarding = async (): Promise<string> =>
        (await stage.host.exec(['cat', '/proc/sys/net/ipv4/ip_forward'])).stdout.trim();
      // Sockets answer before the host has been prepared.
      await eventually(async () => expect(await forwarding()).to.equal('1'));
      expect(await policy()).to.equal('-P FORWARD DROP');

      await stage.plugin.stop();

      expect(await forwarding()).to.equal('0');
      expect(await policy()).to.equal('-P FORWARD ACCEPT');
    });

    it('does not wait for connections without a call', async () => {
      const silent = connect(routed());
      await once(silent, 'connect');
      const client = openPluginClient({ socketPath: routed() });
      await client.call('Plugin.Activate');
      const startedAt = performance.now();

      expect(await stage.plugin.stop()).to.equal(0);

      expect(performance.now() - startedAt).to.be.lessThan(soonMs);
      silent.destroy();
      client.close();
    });

    it('answers the call that is being sent', async () => {
      const body = JSON.stringify({ NetworkID: 'n', EndpointID: 'e' });
      const call = connect(routed());
      call.write(`POST /NetworkDriver.Leave HTTP/1.1\r\nHost: \r\nContent-Length: ${body.length}\r\n\r\n`);
      call.write(body.slice(0, 5));
      // The call has arrived once a later one is answered.
      const client = openPluginClient({ socketPath: routed() });
      await client.call('Plugin.Activate');
      client.close();

      const stopped = stage.plugin.stop();
      await eventually(async () => expect(await readdir(directory())).to.deep.equal([]));
      call.write(body.slice(5));

      expect(await text(call)).to.match(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n\{\}$/);
      expect(await stopped).to.equal(0);
    });

    it('leaves socket files when it is killed, which the next plugin replaces', async () => {
      await stage.plugin.stop('SIGKILL');
      expect(await readdir(directory())).to.have.members(sockets);

      stage.plugin = await stage.host.startPlugin();

      const client = openPluginClient({ socketPath: routed() });
      expect((await client.call('Plugin.Activate')).Implements).to.deep.equal(['NetworkDriver', 'IpamDriver']);
      client.close();
    });

    it('is not brought about by a second plugin, which names the socket that is served', async () => {
      const { exitCode, stderr } = await type(stage.host, 'routed-plugin --state-dir /run/second');

      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/another process is serving \/run\/docker\/plugins\/routed\.sock: stop it first/);
      expect(await readdir(directory())).to.have.members(sockets);
      const client = openPluginClient({ socketPath: routed() });
      await client.call('Plugin.Activate');
      client.close();
    });

    it('is not brought about by a second plugin with the same state, which names the directory', async () => {
      const { exitCode, stderr } = await type(
        stage.host,
        'routed-plugin --plugin-dir /run/second-plugins --admin-socket /run/second-plugins/admin.sock',
      );

      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/\/var\/lib\/routed/);
      expect(await readdir(directory())).to.have.members(sockets);
    });
  });
}

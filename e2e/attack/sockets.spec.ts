import { expect } from 'chai';
import { askAdmin } from '../support/admin.ts';
import { createNetwork, runIdle } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { kernelState } from '../support/kernel.ts';
import { setStage } from '../support/stage.ts';
import { count, report } from './support/count.ts';
import { type Call, HTTP_FORMS, wellFormed } from './support/http-forms.ts';
import { exchange, hold } from './support/unix-bytes.ts';

const HALF_REQUESTS = count(500, 2_000);
/** Of the admin socket: docs/security.md. */
const ADMIN_CONNECTIONS = 256;
const soonMs = 2_000;

if (ENGINES_IN_FULL.length > 0) {
  describe('attack: odd HTTP on the sockets of the plugin', () => {
    const stage = setStage();
    const pluginSocket = (): string => stage.host.outsidePath(`${stage.host.pluginDir}/routed.sock`);
    const adminSocket = (): string => stage.host.outsidePath('/run/routed/admin.sock');

    before(async () => {
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await runIdle(stage.host, 'web', '--network', 'n');
    });

    const lease = { PoolID: 'routed-local/10.1.0.0/16', Address: '10.1.0.77' };
    const leasing: Call = {
      method: 'POST',
      path: '/IpamDriver.RequestAddress',
      body: JSON.stringify({ ...lease, Options: {} }),
    };
    const closing: Call = {
      method: 'PUT',
      path: '/v1/containers/web/ingress',
      body: JSON.stringify({ ingress: 'none' }),
    };
    const list = async (): Promise<string> => {
      const { body } = await askAdmin(stage.host, 'GET', '/v1/containers/web/ingress');
      return (body as readonly [{ readonly ingress: string }])[0].ingress;
    };

    /** Sends every form and returns those that were answered with success, or not at all. */
    async function tryAll(path: string, call: Call): Promise<{ taken: string[]; unanswered: string[] }> {
      const replies = await Promise.all(
        HTTP_FORMS.map(async (form) => ({ what: form.what, ...(await exchange(path, form.bytes(call))) })),
      );
      const named = (isMeant: (reply: (typeof replies)[number]) => boolean): string[] =>
        replies.filter(isMeant).map(({ what }) => what);
      return {
        taken: named(({ status }) => status !== undefined && status < 400),
        unanswered: named(({ isClosed }) => !isClosed),
      };
    }

    it('is refused in every form on the socket of the driver, and changes nothing', async () => {
      const before = await kernelState(stage.host);

      const { taken, unanswered } = await tryAll(pluginSocket(), leasing);

      expect({ taken, unanswered }).to.deep.equal({ taken: [], unanswered: [] });
      expect(await kernelState(stage.host)).to.deep.equal(before);
      const control = await exchange(pluginSocket(), wellFormed(leasing));
      expect(control.status, 'an address that nobody has').to.equal(200);
      expect((await exchange(pluginSocket(), wellFormed(leasing))).status, 'the address again').to.equal(500);
      const release = { ...leasing, path: '/IpamDriver.ReleaseAddress', body: JSON.stringify(lease) };
      expect((await exchange(pluginSocket(), wellFormed(release))).status).to.equal(200);
      report(`HTTP, plugin socket: ${HTTP_FORMS.length} forms, ${taken.length} taken; control: 1 taken`);
    });

    it('is refused in every form on the admin socket, and changes nothing', async () => {
      const { taken, unanswered } = await tryAll(adminSocket(), closing);

      // Reading the list is no attack.
      const changing = taken.filter((what) => what !== 'the method GET');
      expect({ taken: changing, unanswered }).to.deep.equal({ taken: [], unanswered: [] });
      expect(await list()).to.equal('any');
      expect((await exchange(adminSocket(), wellFormed(closing))).status, 'control').to.equal(200);
      expect(await list(), 'control').to.equal('none');
      report(`HTTP, admin socket: ${HTTP_FORMS.length} forms, ${changing.length} taken; control: 1 taken`);
    });

    const half = (call: Call) => (index: number) => {
      const whole = wellFormed(call).toString();
      return whole.slice(0, 1 + ((index * 37) % (whole.length - 1)));
    };

    it(`keeps nobody from the driver: ${HALF_REQUESTS} half requests`, async () => {
      const held = await hold(pluginSocket(), HALF_REQUESTS, half(leasing));
      try {
        expect(held.open(), 'control: connections that the plugin holds open').to.equal(HALF_REQUESTS);
        const startedAt = performance.now();

        const { exitCode, stderr } = await stage.host.tryDocker('run', '--rm', '--network', 'n', 'alpine', 'true');

        const ms = Math.round(performance.now() - startedAt);
        report(`half requests: ${HALF_REQUESTS} held open on the plugin socket; docker run beside them: ${ms} ms`);
        expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      } finally {
        held.release();
      }
    });

    it('keeps no operator away once it ends: half requests on the admin socket, more than it holds', async () => {
      const held = await hold(adminSocket(), HALF_REQUESTS, half(closing));
      try {
        await eventually(() => expect(held.open()).to.be.at.most(ADMIN_CONNECTIONS));
        expect(held.open(), 'control: connections that the plugin holds open').to.be.above(ADMIN_CONNECTIONS / 2);
      } finally {
        held.release();
      }
      await eventually(async () => expect(await list()).to.equal('none'), soonMs);
      report(`half requests: ${HALF_REQUESTS} on the admin socket, ${ADMIN_CONNECTIONS} held at most, 0 afterwards`);
    });

    it('leaves the plugin running, without an error of its own', async () => {
      expect(stage.plugin.hasExited).to.equal(false);
      const lines = (await stage.plugin.log()).split('\n').filter((line) => line.startsWith('{'));
      const entries = lines.map((line) => JSON.parse(line) as { readonly level: number; readonly status?: number });
      expect(lines, 'control: refusals are logged').to.not.be.empty;
      // 50 and above are errors; those of requests that were refused have a status.
      expect(entries.filter(({ level, status }) => level >= 50 && status === undefined)).to.deep.equal([]);
    });
  });
}

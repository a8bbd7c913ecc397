import { expect } from 'chai';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { prepareCompose, type Host } from '@routed/lab';
import { addressesOf } from './support/addresses.ts';
import { inside, ping } from './support/containers.ts';
import { ENGINES_AT_THE_ENDS } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { expectNoContainers } from './support/kernel.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

const example = join(import.meta.dirname, '../examples/compose/docker-compose.yml');
const fixed = ['10.1.0.2', 'fd00:1::2'];
const additional = ['10.1.0.3', '10.1.0.4', 'fd00:1::7'];

/** The id of a service's container: clients name containers differently. */
async function containerOf(host: Host, service: string): Promise<string> {
  return host.docker('ps', '--quiet', '--filter', `label=com.docker.compose.service=${service}`);
}

/** The addresses of web, and that client reaches its server and every one of them. */
async function expectServed(host: Host, addresses: readonly string[]): Promise<void> {
  const [web, client] = [await containerOf(host, 'web'), await containerOf(host, 'client')];
  await eventually(async () => {
    const held = await addressesOf(host, web);
    expect(held.map((address) => address.replace(/\/.*/, ''))).to.have.members(addresses);
  });
  for (const address of addresses) {
    await eventually(async () => {
      expect((await ping(host, address, client)).exitCode, `ping ${address} from client`).to.equal(0);
      expect((await ping(host, address)).exitCode, `ping ${address} from the host`).to.equal(0);
    });
  }
  const last = addresses.at(-1) ?? '';
  await eventually(async () => {
    expect(await inside(host, client, 'busybox', 'nc', '-w', '2', last, '80')).to.equal('hello from web');
    expect(await host.docker('logs', client), 'what client got from "web"').to.contain('hello from web');
  });
}

for (const engine of ENGINES_AT_THE_ENDS) {
  describe(`Compose (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    /** Runs a Compose client on a project file, as typed in the file's folder. */
    const run = async (client: string, file: string, ...args: readonly string[]): Promise<string> => {
      const argv = [client, '--file', file, ...args];
      const { stdout, stderr, exitCode } = await stage.host.exec(argv, { check: false });
      expect(exitCode, `${args.join(' ')}: ${stderr}`).to.equal(0);
      return stdout;
    };

    describe('with the example of examples/compose', () => {
      let client: string;

      before(async () => {
        client = await prepareCompose(console.log);
        await run(client, example, 'up', '--detach');
      });

      it('gives a service fixed and additional addresses of both families', async () => {
        await expectServed(stage.host, [...fixed, ...additional]);
      });

      it('has a service that goes nowhere by itself, and has its limit', async () => {
        const { host } = stage;
        const [web, client] = [await containerOf(host, 'web'), await containerOf(host, 'client')];
        expect((await ping(host, '10.1.0.9')).exitCode, 'control').to.equal(0);

        expect((await ping(host, '10.1.0.9', web)).exitCode).to.not.equal(0);

        const shown = (await type(host, `routed-plugin limit show ${web} --json`)).stdout;
        expect(JSON.parse(shown)).to.have.nested.property('[0].out', '1gbit burst 2m');
        expect((await ping(host, '10.1.0.2', client)).exitCode).to.equal(0);
      });

      it('leaves the containers alone when nothing has changed', async () => {
        const before = await containerOf(stage.host, 'web');

        await run(client, example, 'up', '--detach');

        expect(await containerOf(stage.host, 'web')).to.equal(before);
      });

      it('gives them again to a new container', async () => {
        const before = await containerOf(stage.host, 'web');
        await run(client, example, 'up', '--detach', '--force-recreate');
        expect(await containerOf(stage.host, 'web')).to.not.equal(before);
        await expectServed(stage.host, [...fixed, ...additional]);
      });

      it('takes everything away again', async () => {
        await run(client, example, 'down');

        await expectNoContainers(stage.host);
        expect(await stage.host.docker('network', 'ls', '--quiet', '--filter', 'type=custom')).to.equal('');
      });
    });

    describe("with Debian's client, which knows no driver options of services", () => {
      const client = 'docker-compose';
      const file = '/run/shop/docker-compose.yml';

      before(async () => {
        const outside = stage.host.outsidePath(file);
        await mkdir(dirname(outside), { recursive: true });
        const text = await readFile(example, 'utf8');
        await writeFile(outside, text.replace(/^ {8}driver_opts:\n(?: {10}.*\n)+/m, ''));
        await run(client, file, 'up', '--detach');
      });

      it('gives a service its fixed addresses', async () => {
        await expectServed(stage.host, fixed);
      });

      it('keeps an address that "routed-plugin address add" gave, through a restart', async () => {
        const { host } = stage;
        const web = await containerOf(host, 'web');
        const { exitCode, stderr } = await type(host, `routed-plugin address add ${web} 10.1.0.3`);
        expect(exitCode, stderr).to.equal(0);

        await run(client, file, 'restart', 'web');

        await expectServed(host, [...fixed, '10.1.0.3']);
        await run(client, file, 'down');
      });
    });
  });
}

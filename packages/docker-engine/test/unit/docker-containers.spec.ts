import { expect } from 'chai';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerContainers } from '../../src/containers.ts';

describe('dockerContainers', () => {
  let directory: string;
  let server: Server;
  let asked: URL[];
  const attached = {
    abcd: { Name: 'web.1', EndpointID: 'e1' },
    'ep-e2': { Name: 'left', EndpointID: 'e2' },
  };
  let names: readonly string[];
  beforeEach(async () => {
    asked = [];
    names = ['/web.1'];
    directory = await mkdtemp(join(tmpdir(), 'docker-containers-'));
    server = createServer((request, reply) => {
      asked.push(new URL(request.url ?? '', 'http://docker'));
      const isNetwork = request.url?.startsWith('/networks/') === true;
      reply.statusCode = request.url === '/networks/gone' ? 404 : 200;
      reply.end(JSON.stringify(isNetwork ? { Containers: attached } : [{ Id: 'abcd', Names: names }]));
    }).listen(join(directory, 'docker.sock'));
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.close();
    await rm(directory, { recursive: true });
  });

  const filterFor = async (name?: string): Promise<string | null> => {
    const containers = await dockerContainers(join(directory, 'docker.sock')).list(name);
    expect(containers).to.deep.equal([{ id: 'abcd', name: 'web.1', networks: [] }]);
    expect(asked[0]?.searchParams.get('all')).to.equal('1');
    return asked.pop()?.searchParams.get('filters') ?? null;
  };

  it('asks for all containers', async () => {
    expect(await filterFor()).to.equal(null);
  });

  it('asks for one by its name, as a pattern that matches nothing else', async () => {
    const { name } = JSON.parse((await filterFor('web.1')) ?? '') as { readonly name: readonly [string] };

    expect(new RegExp(name[0]).test('web.1')).to.equal(true);
    for (const other of ['web21', 'web.11', 'my-web.1']) expect(new RegExp(name[0]).test(other), other).to.equal(false);
  });

  for (const [title, given, name] of [
    ['its own name, not what a linking container calls it', ['/app/zz', '/web.1', '/b/c'], 'web.1'],
    ['its id where it has no name of its own', ['/app/zz'], 'abcd'],
    ['its id where it has none', [], 'abcd'],
  ] as const) {
    it(`calls a container by ${title}`, async () => {
      names = given;

      const [container] = await dockerContainers(join(directory, 'docker.sock')).list();

      expect(container?.name).to.equal(name);
    });
  }

  it('asks for all when the text can be no name', async () => {
    expect(await filterFor('web(')).to.equal(null);
  });

  it('says which containers have the endpoints of a network, and leaves out those of none', async () => {
    const docker = dockerContainers(join(directory, 'docker.sock'));

    expect([...(await docker.owners('n1'))]).to.deep.equal([['e1', { id: 'abcd', name: 'web.1' }]]);
    expect(asked[0]?.pathname).to.equal('/networks/n1');
  });

  it('knows no endpoints of a network that is gone', async () => {
    expect((await dockerContainers(join(directory, 'docker.sock')).owners('gone')).size).to.equal(0);
  });
});

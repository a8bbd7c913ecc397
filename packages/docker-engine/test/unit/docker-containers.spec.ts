import { expect } from 'chai';
import { createDockerEngine } from '../../src/docker-engine.ts';
import type { ContainerControl } from '../../src/containers.ts';
import { isDockerError } from '../../src/errors.ts';
import { type StubEngine, stubEngine } from './support/stub-engine.ts';

describe('containers', () => {
  let engine: StubEngine;
  let docker: ContainerControl;
  const attached = {
    abcd: { Name: 'web.1', EndpointID: 'e1' },
    'ep-e2': { Name: 'left', EndpointID: 'e2' },
  };
  const state = { Status: 'running', Running: true, Paused: false, StartedAt: '2026-01-02T03:04:05.123456789Z' };
  let names: readonly string[];
  let inspected: object;
  beforeEach(async () => {
    names = ['/web.1'];
    inspected = {};
    engine = await stubEngine((path, reply, { method }) => {
      const [, kind, id, action] = path.replace(/\?.*/, '').split('/');
      const isGone = id === 'gone';
      const status = { gone: 404, ended: 409, odd: 400 }[id ?? ''] ?? 204;
      reply.statusCode = method === 'POST' ? status : isGone ? 404 : 200;
      if (reply.statusCode === 400) reply.end(JSON.stringify({ message: 'Invalid signal: SIGODD' }));
      else if (reply.statusCode !== 200)
        reply.end(reply.statusCode === 204 ? undefined : '{"message":"no such thing"}');
      else if (kind === 'networks') reply.end(JSON.stringify({ Name: 'apps', Containers: attached }));
      else reply.end(JSON.stringify(action === 'json' ? inspected : [{ Id: 'abcd', Names: names }]));
    });
    docker = createDockerEngine({ socketPath: engine.socketPath }).containers;
  });
  afterEach(() => engine.close());

  const filterFor = async (name?: string): Promise<string | null> => {
    expect(await docker.list(name)).to.deep.equal([{ id: 'abcd', name: 'web.1', networks: [] }]);
    const { searchParams } = new URL(engine.asked.pop() ?? '', 'http://docker');
    expect(searchParams.get('all')).to.equal('1');
    return searchParams.get('filters');
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

      expect((await docker.list())[0]?.name).to.equal(name);
    });
  }

  it('asks for all when the text can be no name', async () => {
    expect(await filterFor('web(')).to.equal(null);
  });

  it('says which containers have the endpoints of a network, and leaves out those of none', async () => {
    expect([...(await docker.owners('n1'))]).to.deep.equal([['e1', { id: 'abcd', name: 'web.1', network: 'apps' }]]);
    expect(engine.asked).to.deep.equal(['/networks/n1']);
  });

  it('knows no endpoints of a network that is gone', async () => {
    expect((await docker.owners('gone')).size).to.equal(0);
  });

  it('looks into a container', async () => {
    const Networks = { apps: { NetworkID: 'n1', EndpointID: 'e1' } };
    const Config = { StopSignal: 'SIGQUIT', Labels: { a: 'b' } };
    const common = { Id: 'abcd', Name: '/web.1', NetworkSettings: { Networks } };
    inspected = { ...common, State: { ...state, Health: { Status: 'unhealthy' } }, Config };

    expect(await docker.inspect('web.1')).to.deep.equal({
      id: 'abcd',
      name: 'web.1',
      networks: [{ networkName: 'apps', networkId: 'n1', endpointId: 'e1' }],
      status: 'running',
      isRunning: true,
      isPaused: false,
      startedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 123),
      health: 'unhealthy',
      stopSignal: 'SIGQUIT',
      labels: { a: 'b' },
    });
    inspected = { ...common, State: { ...state, Health: { Status: 'none' } }, Config: {} };
    expect(await docker.inspect('web.1'))
      .to.include({ stopSignal: '' })
      .and.not.have.property('health');
    expect(await docker.inspect('gone')).to.equal(undefined);
  });

  it('sends a signal, and says when nobody is there to receive it', async () => {
    expect(await docker.kill('web.1', 'SIGUSR1')).to.equal(true);
    expect(engine.asked).to.deep.equal(['/containers/web.1/kill?signal=SIGUSR1']);
    expect(await docker.kill('gone', 'SIGTERM')).to.equal(false);
    expect(await docker.kill('ended', 'SIGTERM')).to.equal(false);
  });

  it("rejects with Docker's words when it refuses a signal", async () => {
    const error = await docker.kill('odd', 'SIGODD').catch((reason: unknown) => reason);

    expect(isDockerError(error) && error.code).to.equal('DOCKER_REFUSED');
    expect((error as Error).message).to.contain('Invalid signal: SIGODD');
  });
});

import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { type DockerEngine, createDockerEngine } from '../../src/docker-engine.ts';
import { EngineApi } from '../../src/engine-api.ts';
import { StartingContainer } from '../../src/starting-container.ts';
import { type StubEngine, stubEngine } from './support/stub-engine.ts';

type Networks = Readonly<Record<string, { readonly NetworkID: string; readonly EndpointID: string }>>;

describe('the container that Docker starts', () => {
  let engine: StubEngine;
  let docker: DockerEngine;
  let containers: { Id: string; Names: string[]; State: string; NetworkSettings: { Networks: Networks } }[];
  /** Containers that Docker holds, and what waits for them. */
  const held = new Map<string, ServerResponse[]>();
  let isSilent: boolean;

  beforeEach(async () => {
    containers = [];
    held.clear();
    isSilent = false;
    engine = await stubEngine((path, reply) => {
      const id = /^\/containers\/(\w+)\/json/.exec(path)?.[1];
      if (id === undefined) {
        if (!isSilent) reply.end(JSON.stringify(containers));
      } else if (held.has(id)) held.get(id)?.push(reply);
      else reply.end('{}');
    });
    docker = createDockerEngine({ socketPath: engine.socketPath });
  });
  afterEach(() => engine.close());

  const add = (Id: string, State: string, Networks: Networks): void => {
    containers.push({ Id, Names: [`/name-${Id}`], State, NetworkSettings: { Networks } });
  };
  const stopped = (id: string, NetworkID = 'n'): void => add(id, 'exited', { on: { NetworkID, EndpointID: '' } });
  const find = (
    name?: string,
    candidates = containers.flatMap(({ Id }) => (held.has(Id) ? [Id] : [])),
  ): Promise<string | undefined> => {
    return docker.containers.starting({ networkId: 'n', name, candidates, hasEndpoint: (id) => id === 'there' });
  };
  const asked = (): string[] => engine.asked.filter((path) => !path.includes('?')).sort();

  it('is the only one that does not answer', async () => {
    for (const id of ['a', 'b', 'c']) stopped(id);
    held.set('b', []);

    expect(await find()).to.equal('b');
  });

  it('is the only one that may use the network, without another question', async () => {
    stopped('a');
    held.set('a', []);
    add('b', 'exited', { elsewhere: { NetworkID: 'm', EndpointID: '' } });
    add('c', 'running', { on: { NetworkID: 'n', EndpointID: 'there' } });

    expect(await find()).to.equal('a');
    expect(asked()).to.deep.equal(['/containers/a/json']);
  });

  it('may be one that runs and is being connected, or was never started', async () => {
    stopped('a');
    add('b', 'running', { elsewhere: { NetworkID: 'm', EndpointID: 'e' } });
    add('c', 'created', { on: { NetworkID: '', EndpointID: '' } });
    add('d', 'created', {});
    held.set('b', []);

    expect(await find()).to.equal('b');
    expect(asked()).to.deep.equal(['a', 'b', 'c', 'd'].map((id) => `/containers/${id}/json`));
  });

  it('may be one that knows a former network of the same name', async () => {
    add('a', 'running', { on: { NetworkID: 'n', EndpointID: 'there' } });
    stopped('b', 'former');
    stopped('c');
    held.set('b', []);

    expect(await find()).to.equal('b');
  });

  it('is not known when several do not answer, and then at once while they still do not', async () => {
    for (const id of ['a', 'b', 'c']) stopped(id);
    held.set('a', []).set('b', []);

    expect(await find()).to.equal(undefined);
    const before = asked().length;
    expect(await find()).to.equal(undefined);

    expect(asked()).to.have.lengthOf(before);
  });

  it('is somebody else once all that it matters for have answered, without the list', async () => {
    for (const id of ['a', 'b', 'c']) stopped(id);
    held.set('c', []);

    const patient = new StartingContainer(new EngineApi(engine.socketPath, 10_000), 10_000);
    const question = { networkId: 'n', candidates: ['a', 'b'], hasEndpoint: () => false };
    expect(await patient.find(question)).to.equal(undefined);
    expect(engine.asked.filter((path) => path.includes('?'))).to.deep.equal([]);
  });

  it('is not asked for where it matters for too many, or nobody', async () => {
    stopped('a');
    held.set('a', []);

    const many = Array.from({ length: 101 }, (_, index) => `a${index}`);
    expect(await find(undefined, many)).to.equal(undefined);
    expect(await find(undefined, [])).to.equal(undefined);
    expect(engine.asked).to.deep.equal([]);
  });

  it('is not known while Docker is silent, which costs the next question no time', async () => {
    isSilent = true;
    stopped('a');
    held.set('a', []);

    expect(await find()).to.equal(undefined);
    expect(await find()).to.equal(undefined);
    expect(engine.asked).to.have.lengthOf(2);
  });

  it('is the one of the name that Docker told', async () => {
    stopped('a');
    stopped('b');
    held.set('a', []).set('b', []);

    expect(await find('name-b')).to.equal('b');
    expect(await find('nobody')).to.equal(undefined);
  });
});

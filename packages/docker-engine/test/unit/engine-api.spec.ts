import { expect } from 'chai';
import { z } from 'zod';
import { createDockerEngine, type DockerEngine } from '../../src/docker-engine.ts';
import { isDockerError } from '../../src/errors.ts';
import { type StubEngine, stubEngine } from './support/stub-engine.ts';

describe('createDockerEngine', () => {
  let engine: StubEngine;
  let docker: DockerEngine;
  beforeEach(async () => {
    engine = await stubEngine((path, reply) => {
      if (path === '/stalls') reply.write('{');
      else if (path !== '/silent') reply.end(JSON.stringify(path === '/info' ? { ID: 'x' } : []));
    });
    docker = createDockerEngine({ socketPath: engine.socketPath, timeoutMs: 200 });
  });
  afterEach(() => engine.close());

  const failureOf = async (asked: Promise<unknown>): Promise<{ code: string; message: string }> => {
    const error = await asked.then(
      () => new Error('it answered'),
      (reason: unknown) => reason,
    );
    if (!isDockerError(error)) throw error;
    return { code: error.code, message: error.message };
  };

  for (const [title, ApiVersion, MinAPIVersion, agreed] of [
    ['the newest of an older engine', '1.41', '1.12', '1.41'],
    ['the newest that it knows itself of a newer engine', '1.55', '1.40', '1.51'],
    ['the only one of an engine that names no oldest', '1.47', undefined, '1.47'],
  ] as const) {
    it(`speaks ${title}`, async () => {
      engine.version = { Version: '99', ApiVersion, ...(MinAPIVersion === undefined ? {} : { MinAPIVersion }) };

      await docker.networks.networks();

      expect(engine.spoken).to.deep.equal([agreed]);
      expect(await docker.version()).to.deep.equal({ release: '99', apiVersion: agreed });
    });
  }

  for (const [title, ApiVersion, MinAPIVersion] of [
    ['too old', '1.23', '1.12'],
    ['too new', '1.60', '1.52'],
  ] as const) {
    it(`says that an engine is ${title}`, async () => {
      engine.version = { Version: '99', ApiVersion, MinAPIVersion };

      const { code, message } = await failureOf(docker.networks.networks());

      expect(code).to.equal('DOCKER_UNSUPPORTED');
      expect(message).to.contain(`Docker 99 speaks versions ${MinAPIVersion} to ${ApiVersion}`);
    });
  }

  it('asks for the version once', async () => {
    await docker.networks.networks();
    engine.version = { ...engine.version, ApiVersion: '1.51', Version: 'not asked' };
    await docker.networks.networks();

    expect((await docker.version()).release).to.equal('28.5.2');
  });

  it('agrees on another version with an engine that was replaced by an older one', async () => {
    await docker.networks.networks();
    engine.version = { Version: '20.10', ApiVersion: '1.41' };

    await docker.networks.networks();

    expect(engine.spoken).to.deep.equal(['1.51', '1.41']);
  });

  it('agrees on a version anew after the engine was away', async () => {
    await docker.networks.networks();
    await engine.kill();
    expect((await failureOf(docker.networks.networks())).code).to.equal('DOCKER_UNREACHABLE');
    engine.version = { Version: '20.10', ApiVersion: '1.41', MinAPIVersion: '1.12' };
    await engine.start();

    expect(await docker.version()).to.deep.equal({ release: '20.10', apiVersion: '1.41' });
  });

  it('says that an engine which accepts connections does not answer', async () => {
    for (const path of ['/silent', '/stalls']) {
      const { code, message } = await failureOf(docker.get(path, z.unknown()));

      expect(code).to.equal('DOCKER_UNREACHABLE');
      expect(message).to.contain(`Docker cannot be asked for its ${path.slice(1)} at ${engine.socketPath}`);
      expect(message, path).to.contain('no answer within 0.2 s');
    }
  });

  it('says that what answers at the socket is no engine', async () => {
    engine.version = {} as typeof engine.version;

    expect((await failureOf(docker.version())).message).to.contain('Docker cannot be asked for its version');
  });

  it('checks the shape of an answer', async () => {
    expect(await docker.get('/info', z.object({ ID: z.string() }))).to.deep.equal({ ID: 'x' });
    expect((await failureOf(docker.get('/info', z.object({ ID: z.number() })))).message).to.contain('it answered 200');
  });

  it('ends the wait at a signal', async () => {
    const ending = new AbortController();
    const asked = docker.get('/silent', z.unknown(), ending.signal);
    ending.abort();

    expect((await failureOf(asked)).message).to.contain('aborted');
  });

  it('says whether the engine is up', async () => {
    expect(await docker.isUp()).to.equal(true);
    await engine.kill();
    expect(await docker.isUp()).to.equal(false);
  });
});

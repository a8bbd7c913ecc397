import { expect } from 'chai';
import sinon from 'sinon';
import { GivenNameServers } from '../../src/containers/given-name-servers.ts';
import type { Endpoint } from '../../src/endpoints/endpoint.ts';

const endpoint: Endpoint = {
  id: 'e1',
  networkId: 'n1',
  addresses: [],
  additional: [],
  mac: '02:42:0a:01:00:02',
  spoof: 'strict',
};
const details = { id: 'c1', name: 'web', networks: [], status: 'running', isRunning: true, isPaused: false };
const container = { ...details, startedAtMs: 0, stopSignal: '', labels: {} };

describe('GivenNameServers', () => {
  let giveNameServers: sinon.SinonStub<[string, readonly string[]], Promise<void>>;
  let warn: sinon.SinonSpy;
  beforeEach(() => {
    giveNameServers = sinon.stub<[string, readonly string[]], Promise<void>>().resolves();
    warn = sinon.fake();
  });

  const learn = async (more: Partial<Endpoint>, dns: readonly string[] | Error): Promise<sinon.SinonSpy> => {
    const inspect = sinon.fake(() =>
      dns instanceof Error ? Promise.reject(dns) : Promise.resolve({ ...container, dns }),
    );
    const servers = new GivenNameServers({
      docker: { inspect },
      endpoints: { get: () => ({ ...endpoint, ...more }), giveNameServers },
      logger: { debug: () => undefined, info: () => undefined, warn, error: () => undefined },
    });
    await servers.learn('e1', 'c1');
    return inspect;
  };

  it('allows those of a container with a list', async () => {
    await learn({ egress: 'none' }, ['10.0.0.53', 'fd00::53', 'fe80::1%eth0', 'x']);

    expect(giveNameServers.args).to.deep.equal([['e1', ['10.0.0.53', 'fd00::53']]]);
  });

  it('asks Docker nothing without a list, or where routed.dns names them', async () => {
    expect((await learn({}, ['10.0.0.53'])).called).to.equal(false);
    expect((await learn({ egress: 'none', dns: ['10.0.0.1'] }, ['10.0.0.53'])).called).to.equal(false);
  });

  it('leaves the list as it is where Docker gave none, or does not answer', async () => {
    await learn({ egress: 'none' }, []);
    await learn({ egress: 'none' }, new Error('no Docker'));

    expect(giveNameServers.called).to.equal(false);
    expect(warn.calledOnce).to.equal(true);
  });
});

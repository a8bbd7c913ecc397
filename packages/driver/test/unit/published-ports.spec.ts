import { expect } from 'chai';
import { publishedPorts } from '../../src/calls/published-ports.ts';
import { createNetwork, dockerId, startContainer, wiredDaemon } from './support/wired.ts';

const portMap = 'com.docker.network.portmap';
const endpointId = dockerId('c80b7eea65283f');

describe('ports that Docker is to publish', () => {
  it('are read as they were typed', () => {
    // As Docker 20.10.24 sends it.
    const plain = { Proto: 6, IP: '', Port: 80, HostIP: '', HostPort: 8080, HostPortEnd: 8080 };

    expect(
      publishedPorts({
        [portMap]: [
          plain,
          { ...plain, Proto: 17, HostIP: '127.0.0.1' },
          { ...plain, HostPort: 0 },
          { ...plain, Proto: 99, HostPort: null },
        ],
      }),
    ).to.deep.equal(['8080:80/tcp', '127.0.0.1:8080:80/udp', '80/tcp', '80/99']);
  });

  for (const value of [undefined, null, [], 'text', [{ Port: '80' }]]) {
    it(`are none in ${JSON.stringify(value)}`, () => {
      expect(publishedPorts({ [portMap]: value })).to.deep.equal([]);
    });
  }

  it('have no effect: an event and a note say so, also after a restart', async () => {
    const daemon = await wiredDaemon();
    const poolId = await createNetwork(daemon);
    const ports = [{ Proto: 6, IP: '', Port: 80, HostIP: '', HostPort: 8080, HostPortEnd: 8080 }];

    await startContainer(daemon, {
      ...{ poolId, endpointId, address: '10.1.0.2' },
      driverOptions: { [portMap]: ports } as never,
    });

    const text =
      '--publish 8080:80/tcp has no effect on a routed network: ' +
      "clients connect to 10.1.0.2 and the container's own port";
    const told = daemon.parts.journal.entries('10.1.0.2').filter(({ kind }) => kind === 'ignored');
    expect(told.map((entry) => ({ ...entry, at: '' }))).to.deep.equal([
      { at: '', kind: 'ignored', addresses: ['10.1.0.2'], endpointId, detail: text },
    ]);
    const note = `endpoint ${endpointId.slice(0, 12)}: ${text}`;
    expect(daemon.parts.status.report()).to.deep.include({ notes: [note], problems: [] });
    await daemon.stop();
    const next = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });
    expect(next.parts.status.report().notes).to.deep.equal([note]);
    await next.stop();
  });

  it('are no matter where there are none', async () => {
    const daemon = await wiredDaemon();
    const poolId = await createNetwork(daemon);

    await startContainer(daemon, { poolId, endpointId, driverOptions: { [portMap]: [] } as never });

    expect(daemon.parts.status.report().notes).to.deep.equal([]);
    expect(daemon.parts.journal.entries().map(({ kind }) => kind)).not.to.include('ignored');
    await daemon.stop();
  });
});

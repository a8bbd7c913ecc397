import { setTimeout as sleep } from 'node:timers/promises';
import { type LoggedPacket, NetfilterError, type PacketLog } from '@routed/netfilter';
import { expect } from 'chai';
import type { Endpoint } from '../../src/endpoints/endpoint.ts';
import type { RefusedPacket } from '../../src/refused/refused-packet.ts';
import { RefusedPackets } from '../../src/refused/refused-packets.ts';

const WEB = { id: 'e1', ingress: '10.9.0.0/16', egressMode: 'observe' } as unknown as Endpoint;
const OTHER = { id: 'e2', isOwnerPending: true } as unknown as Endpoint;
const packet: LoggedPacket = {
  time: new Date('2026-01-01T00:00:00.000Z'),
  prefix: 'routed ingress',
  hook: 'forward',
  inLink: 3,
  outLink: 7,
  mark: 0,
  family: 4,
  source: '10.8.0.1',
  destination: '10.1.0.2',
  protocol: 6,
  sourcePort: 50_000,
  destinationPort: 443,
  lengthBytes: 60,
};

/** A log that ends after these packets when it is closed. */
function logOf(...packets: readonly LoggedPacket[]): PacketLog {
  let close: (() => void) | undefined;
  const closed = new Promise<void>((resolve) => (close = resolve));
  return {
    group: 1,
    lost: 0,
    unref: () => logOf(),
    close: () => Promise.resolve(close?.()),
    [Symbol.asyncDispose]: () => Promise.resolve(close?.()),
    async *[Symbol.asyncIterator]() {
      yield* packets;
      await closed;
    },
  };
}

describe('RefusedPackets', () => {
  const warnings: string[] = [];
  const logger = { warn: (_: object, text: string) => warnings.push(text), debug: () => undefined };
  let asked: number[];
  let refused: RefusedPackets;

  beforeEach(() => {
    warnings.length = 0;
    asked = [];
    const endpoints = [WEB, OTHER];
    refused = new RefusedPackets({
      endpoints: {
        get: (id) => endpoints.find((endpoint) => endpoint.id === id),
        idOfLink: (name) => (name === 'vethr1' ? 'e1' : undefined),
        endpointAt: (destination) => (destination === '10.1.0.3/32' ? 'e2' : undefined),
      },
      names: { of: (id) => (id === 'e1' ? { container: 'web', network: 'apps' } : undefined) },
      named: { nameOf: (link, address) => (`${link} ${address}` === 'vethr1 10.8.0.1' ? 'db.corp' : undefined) },
      linkAt: (index) => {
        asked.push(index);
        return Promise.resolve(index === 7 ? { name: 'vethr1' } : undefined);
      },
      logger: logger as never,
    });
  });
  afterEach(() => refused.stop());

  const read = async (...packets: readonly LoggedPacket[]): Promise<RefusedPacket[]> => {
    void refused.start(() => Promise.resolve(logOf(...packets)));
    for (let turn = 0; turn < 100 && refused.entries().length < packets.length; turn++) await sleep(1);
    return refused.entries();
  };

  it('say whose filter refused what, and why, by the link; and ask for its name once', async () => {
    const rows = await read(
      packet,
      { ...packet, prefix: 'routed egress', inLink: 7, source: '10.1.0.2', destination: '10.8.0.1' },
      { ...packet, prefix: 'routed sender', inLink: 7, source: '10.66.0.1', protocol: 47 },
    );

    expect(rows[0]).to.deep.equal({
      at: '2026-01-01T00:00:00.000Z',
      direction: 'ingress',
      verdict: 'refused',
      rule: 'not in routed.ingress=10.9.0.0/16',
      endpointId: 'e1',
      container: 'web',
      network: 'apps',
      source: '10.8.0.1',
      destination: '10.1.0.2',
      protocol: 'tcp',
      port: 443,
      sourcePort: 50_000,
    });
    expect(rows[1]).to.include({
      direction: 'egress',
      verdict: 'counted',
      rule: 'not in routed.egress',
      name: 'db.corp',
    });
    expect(rows[2]).to.include({ direction: 'sender', verdict: 'refused', container: 'web', protocol: '47' });
    expect(asked).to.deep.equal([7]);
  });

  it('find the container by the address when its link is gone, and leave out what others log', async () => {
    const ping = { ...packet, outLink: 9, destination: '10.1.0.3', protocol: 1, icmp: { type: 8, code: 0 } };
    const rows = await read(ping, { ...packet, outLink: 9, destination: '10.1.0.99' });
    expect(rows[0]).to.include({ endpointId: 'e2', protocol: 'icmp', icmp: '8/0' });
    expect(rows[0]?.rule).to.equal('closed until Docker has said which container this is');
    expect(rows[1]).to.not.have.property('endpointId');

    const others = new RefusedPackets({
      endpoints: { get: () => undefined, idOfLink: () => undefined, endpointAt: () => undefined },
      names: { of: () => undefined },
      named: { nameOf: () => undefined },
      linkAt: () => Promise.resolve(undefined),
      logger: logger as never,
    });
    void others.start(() => Promise.resolve(logOf({ ...packet, prefix: 'mine' })));
    await sleep(5);
    expect(others.entries()).to.deep.equal([]);
    await others.stop();
  });

  it('are told as they come, too', async () => {
    const followed: string[] = [];
    const unfollow = refused.follow(({ source, container = '' }) => followed.push(`${source} ${container}`));

    await read(packet, { ...packet, outLink: 9, source: '10.8.0.9' });
    unfollow();

    expect(followed).to.deep.equal(['10.8.0.1 web', '10.8.0.9 ']);
  });

  it('say once that they are not read, and give up where the kernel has no log', async () => {
    const error = new NetfilterError({ code: 'LOG_UNAVAILABLE', operation: 'log group 7200', reason: 'none' });

    await refused.start(() => Promise.reject(error));

    expect(warnings).to.deep.equal(['refused packets are counted, and not shown']);
    expect(refused.entries()).to.deep.equal([]);
  });
});

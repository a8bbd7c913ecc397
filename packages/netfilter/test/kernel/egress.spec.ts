import { expect } from 'chai';
import { type EndpointFilter, type EndpointFilters, parseAllowList } from '../../src/index.ts';
import { connect, type FilterStage, GATEWAY, LINK, openFilterStage, OTHER_LINK, ping } from '../support/stage.ts';
import { until } from '../support/until.ts';

/** A refusal comes at once; nobody waits for a time limit. */
const FAST_MS = 500;

describe('egress filters, with real packets', () => {
  let stage: FilterStage;
  let filters: EndpointFilters;
  const plain = { link: LINK, addresses: ['10.1.0.2', 'fd00:1::2', 'fe80::42:aff:fe01:2'], spoof: 'strict' } as const;
  const allow = (list: string, more: Partial<EndpointFilter> = {}): Promise<void> =>
    filters.set({ ...plain, egress: parseAllowList(list, 'egress'), gateways: [GATEWAY, 'fe80::1'], ...more });
  const outcome = async (address: string, port: number): Promise<string> =>
    (await connect(stage.one, address, port)).outcome;

  before(async function () {
    this.timeout(60_000);
    stage = await openFilterStage();
    filters = stage.filters;
    expect(await filters.ensure()).to.equal('installed');
    for (const port of [80, 8000]) await stage.serve(stage.client, port);
    for (const server of [stage.host, stage.one, stage.two]) await stage.serve(server, 80);
  });
  after(() => stage.close());
  afterEach(() => filters.remove(LINK));

  for (const [family, own, client, host, another] of [
    ['IPv4', '10.1.0.2', '10.9.0.2', '10.9.0.1', '10.1.0.3'],
    ['IPv6', 'fd00:1::2', 'fd00:9::2', 'fd00:9::1', 'fd00:1::3'],
  ] as const) {
    const to = (ports: string): string => (family === 'IPv4' ? `${client}:${ports}` : `[${client}]:${ports}`);

    describe(family, () => {
      it('let a container go anywhere without a list', async () => {
        await filters.set(plain);

        for (const address of [client, host, another]) expect(await outcome(address, 80)).to.equal('connected');
        expect(await ping(stage.one, client)).to.equal('answer');
      });

      it('let it go where the list says, and refuse the rest fast: others, containers and the host', async () => {
        await allow(client);

        expect(await outcome(client, 80)).to.equal('connected');
        expect(await ping(stage.one, client)).to.equal('answer');
        for (const address of [host, another]) {
          const attempt = await connect(stage.one, address, 80);
          expect(attempt, address).to.include({ outcome: 'reset' });
          expect(attempt.ms).to.be.lessThan(FAST_MS);
          expect(await ping(stage.one, address)).to.equal('prohibited');
        }
        await allow(`${host} ${another}`);

        for (const address of [host, another]) expect(await outcome(address, 80)).to.equal('connected');
        expect(await outcome(client, 80)).to.equal('reset');
      });

      it('let it answer who connects to it, and nothing else, with "none"', async () => {
        await allow('none');

        expect((await connect(stage.client, own, 80)).outcome).to.equal('connected');
        expect((await connect(stage.host, own, 80)).outcome).to.equal('connected');
        expect(await ping(stage.client, own)).to.equal('answer');
        expect(await outcome(client, 80)).to.equal('reset');
        expect(await ping(stage.one, client)).to.equal('prohibited');
      });

      it('refuse at once where nobody may enter it either', async () => {
        await allow('none', { ingress: parseAllowList('none') });
        const attempt = await connect(stage.one, client, 80);

        expect(attempt).to.include({ outcome: 'reset' });
        expect(await ping(stage.one, client)).to.equal('prohibited');
        expect(await ping(stage.one, host)).to.equal('prohibited');
      });

      it('tell ports apart, and ranges of them', async () => {
        for (const [ports, open, shut] of [
          ['80/tcp', 80, 8000],
          ['7999-8001', 8000, 80],
          ['1-79,81-65535', 8000, 80],
          ['100-65535', 8000, 80],
        ] as const) {
          await allow(ports.split(',').map(to).join(' '));

          expect(await outcome(client, open), ports).to.equal('connected');
          expect(await outcome(client, shut), ports).to.equal('reset');
          expect(await ping(stage.one, client), ports).to.equal('prohibited');
        }
        await allow(to('1-65535/udp'));

        expect(await outcome(client, 80)).to.equal('reset');
      });

      it('let the container find and ping its gateway', async () => {
        await allow('none');
        await stage.one.sh('ip neighbour flush dev eth0');

        expect(await ping(stage.one, family === 'IPv4' ? GATEWAY : 'fe80::1%eth0')).to.equal('answer');
        expect(await ping(stage.one, host)).to.equal('prohibited');
      });

      it('leave other containers alone', async () => {
        await allow('none');

        expect((await connect(stage.two, client, 80)).outcome).to.equal('connected');
      });

      it('only count, where they observe', async () => {
        await allow('none', { observed: ['egress'] });

        expect(await outcome(client, 80)).to.equal('connected');
        const { egress } = (await filters.counters()).get(LINK)!;
        expect([egress.examined.packets, egress.refused.packets]).to.deep.equal([1n, 1n]);
      });
    });
  }

  it('refuse other protocols that look as a port block is written', async () => {
    // 70 is tcp with the mark of a block of 16 ports.
    await allow('10.9.0.2:8000-8015/tcp');
    const send = (protocol: number): Promise<unknown> =>
      stage.one.run(['python3', '-c', rawPacket, String(protocol), '10.9.0.2']);
    const before = (await filters.counters()).get(LINK)!.egress.refused.packets;

    await send(70);

    await until(
      async () => (await filters.counters()).get(LINK)!.egress.refused.packets > before,
      'a packet of protocol 70 is refused',
      5_000,
    );
  });

  it('count by direction and link', async () => {
    await filters.set({ link: OTHER_LINK, addresses: ['10.1.0.3'], egress: parseAllowList('any'), spoof: 'strict' });
    await allow('10.9.0.2:80', { ingress: parseAllowList('10.9.0.2') });
    await connect(stage.one, '10.9.0.2', 80);
    await connect(stage.one, '10.9.0.2', 8000);
    await connect(stage.client, '10.1.0.2', 80);
    await connect(stage.two, '10.9.0.2', 80);

    const counted = await filters.counters();
    await filters.remove(OTHER_LINK);

    const packets = (link: string): bigint[] => {
      const { ingress, egress } = counted.get(link)!;
      return [ingress, egress].flatMap(({ examined, refused }) => [examined.packets, refused.packets]);
    };
    expect(packets(LINK)).to.deep.equal([1n, 0n, 2n, 1n]);
    expect(packets(OTHER_LINK)).to.deep.equal([0n, 0n, 1n, 0n]);
  });
});

/** Sends one packet of a protocol without ports, which has 8000 where others have the port of the destination. */
const rawPacket =
  'import socket,sys;' +
  's=socket.socket(socket.AF_INET,socket.SOCK_RAW,int(sys.argv[1]));' +
  's.sendto(b"\\x00\\x01\\x1f\\x40"+bytes(16),(sys.argv[2],0))';

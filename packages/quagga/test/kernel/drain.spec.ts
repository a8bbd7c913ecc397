import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { applyConfiguration } from '../../src/apply/apply.ts';
import { drained } from '../../src/preset/drain.ts';
import { parseDocument } from '../../src/preset/document.ts';
import { render } from '../../src/render/render.ts';
import type { RenderedConfig } from '../../src/render/config.ts';
import { type Wish, frrConf, pingsLost } from '../support/pair.ts';
import { type Router, connect, openRouter } from '../support/router.ts';

/** The addresses of containers, of one family. */
interface Addresses {
  readonly containers: string;
  /** Of the server: half of the client's packets to them take each way. */
  readonly servers: readonly string[];
  readonly client: string;
  readonly ofLeft: string;
  /** Of left and right. */
  readonly anycast: readonly string[];
}

function addressesIn(containers: string, addressOf: (host: number, number: number) => string): Addresses {
  const eightOf = (host: number): string[] => Array.from({ length: 8 }, (_, index) => addressOf(host, index + 1));
  return {
    containers,
    servers: eightOf(1),
    client: addressOf(4, 1),
    ofLeft: addressOf(2, 1),
    anycast: eightOf(9),
  };
}

const IPV4 = addressesIn('10.112.0.0/12', (host, number) => `10.112.${host}.${number}`);
const IPV6 = addressesIn('fd00:112::/48', (host, number) => `fd00:112::${host}:${number}`);

const run = promisify(execFile);

interface Square extends AsyncDisposable {
  readonly server: Router;
  readonly left: Router;
  readonly right: Router;
  readonly client: Router;
}

/** server and client, each with a link to left and one to right. */
async function openSquare(): Promise<Square> {
  const daemons = ['zebra', 'ospfd', 'ospf6d', 'bgpd', 'bfdd'];
  const opened: Router[] = [];
  for (let count = 0; count < 4; count++) {
    const router = await openRouter({ daemons });
    opened.push(router);
    // ping may come from a container's address, which is on no link here.
    const forward = 'cd /proc/sys/net/ipv6; echo 1 > conf/all/forwarding; echo 1 > ip_nonlocal_bind';
    await run('nsenter', ['-t', String(router.namespacePid), '-n', 'sh', '-c', forward]);
  }
  const [server, left, right, client] = opened as [Router, Router, Router, Router];
  await connect(server, left, ['10.0.12.1/24', '10.0.12.2/24'], ['eth1', 'eth1']);
  await connect(server, right, ['10.0.13.1/24', '10.0.13.3/24'], ['eth2', 'eth1']);
  await connect(client, left, ['10.0.24.4/24', '10.0.24.2/24'], ['eth1', 'eth2']);
  await connect(client, right, ['10.0.34.4/24', '10.0.34.3/24'], ['eth2', 'eth2']);
  const close = async (): Promise<void> => {
    for (const router of opened) await router[Symbol.asyncDispose]();
  };
  return { server, left, right, client, [Symbol.asyncDispose]: close };
}

/** A container's address, which the host itself answers for. */
async function serve(router: Router, address: string): Promise<void> {
  await router.ip('route', 'add', address, 'dev', 'containers', 'proto', '200');
  await router.ip('route', 'add', 'local', address, 'dev', 'lo');
}

/** The links that a router's packets to an address may take. */
async function waysTo(router: Router, address: string): Promise<string[]> {
  const text = await router.ip(address.includes(':') ? '-6' : '-4', 'route', 'show', address);
  return [...text.matchAll(/ dev (\S+)/g)].map(([, name = '']) => name).sort();
}

/** The first of the addresses to which the client's packets go by left. */
async function oneByLeft(client: Router, source: string, addresses: readonly string[]): Promise<string> {
  for (const address of addresses)
    if (/ dev eth1 /.test(await client.ip('route', 'get', address, 'from', source))) return address;
  throw new Error(`no packet to ${addresses.join()} goes by left`);
}

async function until(check: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await check()) return;
    await sleep(100);
  }
  throw new Error(`not within 30 s: ${what}`);
}

async function untilWays(router: Router, address: string, ways: string): Promise<void> {
  await until(async () => (await waysTo(router, address)).join() === ways, `${address} by ${ways}`);
}

const PROTOCOLS: [name: string, addresses: Addresses, wish: (host: number) => Wish][] = [
  ['OSPF', IPV4, () => ({ preset: 'p2p' })],
  ['OSPFv3', IPV6, () => ({ preset: 'p2p' })],
  [
    'BGP',
    IPV4,
    (host) => ({ preset: 'bgp-unnumbered', bgp: { asn: 65000 + host, transit: host === 2 || host === 3 } }),
  ],
];

for (const [protocol, { containers, servers, client: source, ofLeft, anycast }, wish] of PROTOCOLS)
  describe(`a router that is drained, with ${protocol}`, function () {
    this.timeout(120_000);
    let square: Square;
    const modelOf = (host: number): ReturnType<typeof parseDocument>['model'] =>
      parseDocument(
        { routerId: `10.0.0.${host}`, containers: [containers], interfaces: { eth1: {}, eth2: {} }, ...wish(host) },
        'frr',
      ).model;
    const usual = (host: number): RenderedConfig => render(modelOf(host), 'frr');

    before(async () => {
      square = await openSquare();
      const { server, left, right, client } = square;
      for (const [index, router] of [server, left, right, client].entries())
        expect(await router.load(`${frrConf(usual(index + 1))}bgp route-map delay-timer 1\n`)).to.match(/^\s*$/);
      for (const address of servers) await serve(server, address);
      await serve(client, source);
      await serve(left, ofLeft);
      for (const router of [left, right]) for (const address of anycast) await serve(router, address);
      await untilWays(client, servers[0]!, 'eth1,eth2');
      await untilWays(client, anycast[0]!, 'eth1,eth2');
      await untilWays(server, source, 'eth1,eth2');
      await untilWays(client, ofLeft, 'eth1');
      await applyConfiguration(usual(2), { ...square.left, allow: 'flaps', acceptUnknown: true });
    });
    after(() => square[Symbol.asyncDispose]());

    for (const [what, addresses] of [
      ['what passes through', servers],
      ['its own containers', [ofLeft]],
      ['an address that another host announces as well', anycast],
    ] as const)
      it(`loses no packet to ${what}, while it is drained and undrained`, async () => {
        const { client, left, server } = square;
        const ping = ['-I', source, await oneByLeft(client, source, addresses)];

        const drain = await pingsLost(client, ping, async () => {
          const plan = await applyConfiguration(render(drained(modelOf(2)), 'frr'), left);
          await untilWays(client, servers[0]!, 'eth2');
          await untilWays(server, source, 'eth2');
          await untilWays(client, anycast[0]!, 'eth2');
          return plan;
        });
        const ways = await waysTo(client, ofLeft);
        const undrain = await pingsLost(client, ping, async () => {
          const plan = await applyConfiguration(usual(2), left);
          await untilWays(client, servers[0]!, 'eth1,eth2');
          await untilWays(server, source, 'eth1,eth2');
          await untilWays(client, anycast[0]!, 'eth1,eth2');
          return plan;
        });

        console.log(
          `      lost ${drain.lost} of ${drain.sent} by drain, ${undrain.lost} of ${undrain.sent} by undrain`,
        );
        expect([drain.result.effect, undrain.result.effect]).to.deep.equal(['hitless', 'hitless']);
        expect(ways, 'the only way').to.deep.equal(['eth1']);
        expect([drain.lost, undrain.lost]).to.deep.equal([0, 0]);
      });
  });

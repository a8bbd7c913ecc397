import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { applyConfiguration } from '../../src/apply/apply.ts';
import { parseDocument } from '../../src/preset/document.ts';
import { type RenderedConfig } from '../../src/render/config.ts';
import { render } from '../../src/render/render.ts';
import { type Wish, frrConf } from '../support/pair.ts';
import { type Router, connect, openRouter } from '../support/router.ts';

const run = promisify(execFile);
const [ADDRESS, PORT, CONNECTIONS] = ['10.112.9.9', '7777', 1000];
const inside = (router: Router): string[] => ['-t', String(router.namespacePid), '-n', process.execPath, '-e'];

/** Answers each connection to the address with a name. */
function server(router: Router, name: string): ChildProcess {
  const program = `require('node:net').createServer((socket) => socket.end('${name}')).listen(${PORT}, '${ADDRESS}')`;
  return spawn('nsenter', [...inside(router), program], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** How many of many new connections each server answered. */
async function shares(client: Router): Promise<Record<string, number>> {
  const program = `
    const { connect } = require('node:net');
    const ask = () => new Promise((resolve) => {
      const socket = connect({ host: '${ADDRESS}', port: ${PORT}, localAddress: '10.112.7.7' });
      let name = '';
      socket.on('data', (data) => (name += data)).on('error', () => (name = 'failed')).on('close', () => resolve(name));
    });
    (async () => {
      const counts = {};
      for (let left = ${CONNECTIONS}; left > 0; left--) { const name = await ask(); counts[name] = (counts[name] ?? 0) + 1; }
      console.log(JSON.stringify(counts));
    })();`;
  const { stdout } = await run('nsenter', [...inside(client), program]);
  return JSON.parse(stdout) as Record<string, number>;
}

describe('two hosts with one address and bandwidths of 300 and 100', function () {
  this.timeout(120_000);
  let routers: Router[] = [];
  let servers: ChildProcess[] = [];
  const config = (host: number, wish: Wish = {}): RenderedConfig => {
    const document = { routerId: `10.0.0.${host}`, containers: ['10.112.0.0/12'], interfaces: { eth1: {}, eth2: {} } };
    const bgp = { asn: 65000 + host };
    return render(parseDocument({ preset: 'bgp-unnumbered', ...document, bgp, ...wish }, 'frr').model, 'frr');
  };
  const weighted = (host: number, linkBandwidthMbps: number): RenderedConfig =>
    config(host, {
      export: { attributes: [{ match: { prefixes: [`${ADDRESS}/32`] }, set: { linkBandwidthMbps } }] },
    });

  before(async () => {
    for (let count = 0; count < 3; count++) routers.push(await openRouter({ daemons: ['zebra', 'bgpd', 'bfdd'] }));
    const [one, two, client] = routers as [Router, Router, Router];
    await connect(client, one, ['10.0.1.3/24', '10.0.1.1/24']);
    await connect(client, two, ['10.0.2.3/24', '10.0.2.2/24'], ['eth2', 'eth1']);
    // The answers come by the link that the questions came by.
    for (const [index, router] of [one, two].entries())
      await router.ip('route', 'add', '10.112.7.7/32', 'via', `10.0.${index + 1}.3`);
    await client.ip('route', 'add', 'local', '10.112.7.7/32', 'dev', 'lo');
    const byPorts = 'echo 1 > /proc/sys/net/ipv4/fib_multipath_hash_policy';
    await run('nsenter', ['-t', String(client.namespacePid), '-n', 'sh', '-c', byPorts]);
    for (const [index, router] of [one, two].entries()) {
      await router.load(`${frrConf(config(index + 1))}bgp route-map delay-timer 1\n`);
      await router.ip('route', 'add', `${ADDRESS}/32`, 'dev', 'containers', 'proto', '200');
      await router.ip('route', 'add', 'local', `${ADDRESS}/32`, 'dev', 'lo');
    }
    servers = [server(one, 'one'), server(two, 'two')];
    await client.load(frrConf(config(3)));
    await untilRatio(client, 1);
  });
  after(async () => {
    for (const child of servers) child.kill('SIGKILL');
    for (const router of routers) await router[Symbol.asyncDispose]();
    routers = [];
  });

  /** Until the kernel gives the first so many times the connections of the second. */
  async function untilRatio(client: Router, ratio: number): Promise<void> {
    let text = '';
    for (let tries = 0; tries < 300; tries++) {
      text = await client.ip('route', 'show', ADDRESS);
      const weightOf = (link: string): number => Number(new RegExp(` dev ${link} weight (\\d+)`).exec(text)?.[1]);
      if (Math.abs(weightOf('eth1') / weightOf('eth2') - ratio) < 0.1) return;
      await sleep(100);
    }
    throw new Error(`the ratio is not ${ratio}: ${text}`);
  }

  it('share new connections evenly at first, and three to one when that is applied', async () => {
    const [one, two, client] = routers as [Router, Router, Router];

    const even = await shares(client);
    for (const [host, router, bandwidth] of [[1, one, 300] as const, [2, two, 100] as const])
      await applyConfiguration(weighted(host, bandwidth), { ...router, acceptUnknown: true, allow: 'flaps' });
    await untilRatio(client, 3);
    const uneven = await shares(client);

    console.log(`      of ${CONNECTIONS}: ${JSON.stringify(even)}, then ${JSON.stringify(uneven)}`);
    expect(even.one).to.be.within(0.44 * CONNECTIONS, 0.56 * CONNECTIONS);
    expect(uneven.one).to.be.within(0.69 * CONNECTIONS, 0.81 * CONNECTIONS);
    for (const counts of [even, uneven]) expect(Object.keys(counts).sort()).to.deep.equal(['one', 'two']);
  });

  it('are primary and backup where the metric of a container makes paths longer', async () => {
    const [one, two, client] = routers as [Router, Router, Router];
    const attributes = [{ match: { metric: 200 }, set: { asPathPrepend: [65001, 65001], community: ['65001:200'] } }];
    await applyConfiguration(config(1, { export: { attributes } }), { ...one, acceptUnknown: true, allow: 'flaps' });
    await applyConfiguration(config(2), { ...two, acceptUnknown: true, allow: 'flaps' });
    await untilRatio(client, 1);

    await one.ip('route', 'add', `${ADDRESS}/32`, 'dev', 'containers', 'proto', '200', 'metric', '200');
    await one.ip('route', 'delete', `${ADDRESS}/32`, 'dev', 'containers', 'proto', '200', 'metric', '0');
    await untilWay(client, /dev eth2/);
    const { text } = await client.command('bgpd', `show bgp ipv4 unicast ${ADDRESS}/32`);
    await two.ip('route', 'delete', `${ADDRESS}/32`, 'dev', 'containers', 'proto', '200');
    await untilWay(client, /dev eth1/);

    expect(text)
      .to.match(/65001 65001 65001\n/)
      .and.to.include('Community: 65001:200');
  });

  /** Until there is one way, and it is this. */
  async function untilWay(client: Router, pattern: RegExp): Promise<void> {
    let text = '';
    for (let tries = 0; tries < 300; tries++) {
      text = await client.ip('route', 'show', ADDRESS);
      if (!text.includes('nexthop') && pattern.test(text)) return;
      await sleep(100);
    }
    throw new Error(`no such way: ${text}`);
  }
});

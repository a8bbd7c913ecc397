import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { parseDocument } from '../../src/preset/document.ts';
import type { RenderedConfig } from '../../src/render/config.ts';
import { render } from '../../src/render/render.ts';
import { type Wish, frrConf } from '../support/pair.ts';
import { type Router, connect, openRouter } from '../support/router.ts';

const run = promisify(execFile);

/** Addresses that both neighbors announce, so that there are two ways to each. */
const SERVED = ['10.112.9.1', 'fd00:112::9:1'] as const;

const PRESETS: [protocol: string, wish: (host: number) => Wish][] = [
  ['OSPF', () => ({ preset: 'p2p' })],
  ['BGP', (host) => ({ preset: 'bgp-unnumbered', bgp: { asn: 65000 + host } })],
];

/** The links of the ways to an address that the kernel uses: a link without carrier is not used. */
async function waysTo(router: Router, address: string): Promise<string> {
  const text = await router.ip(address.includes(':') ? '-6' : '-4', 'route', 'show', address);
  const used = text
    .split('\n')
    .flatMap((line) => (/\b(linkdown|dead)\b/.test(line) ? [] : (/ dev (\S+)/.exec(line)?.[1] ?? [])));
  return [...new Set(used)].sort().join();
}

const waysOf = (router: Router): Promise<string[]> => Promise.all(SERVED.map((address) => waysTo(router, address)));

async function until(check: () => Promise<boolean>, what: () => string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await check()) return;
    await sleep(100);
  }
  throw new Error(`not within a minute: ${what()}`);
}

async function untilWays(router: Router, wanted: string, when: string): Promise<void> {
  let found: string[] = [];
  await until(
    async () => (found = await waysOf(router)).every((ways) => ways === wanted),
    () => `${wanted}, ${when}; there are ${found.join(' and ')}`,
  );
}

for (const [protocol, wish] of PRESETS)
  describe(`a router with two uplinks, with ${protocol}`, function () {
    this.timeout(400_000);
    let own: Router;
    const opened: Router[] = [];
    const configOf = (host: number): RenderedConfig => {
      const interfaces = host === 1 ? { eth1: {}, eth2: {} } : { eth1: {} };
      const containers = ['10.112.0.0/12', 'fd00:112::/48'];
      const input = { routerId: `10.0.0.${host}`, containers, interfaces, ...wish(host) };
      return render(parseDocument(input, 'frr').model, 'frr');
    };

    before(async () => {
      for (const host of [1, 2, 3]) {
        const router = await openRouter({ daemons: ['zebra', 'ospfd', 'ospf6d', 'bgpd', 'bfdd'] });
        opened.push(router);
        const forward = 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding';
        await run('nsenter', ['-t', String(router.namespacePid), '-n', 'sh', '-c', forward]);
        if (host === 1) continue;
        for (const address of SERVED) await router.ip('route', 'add', address, 'dev', 'containers', 'proto', '200');
      }
      const [first, left, right] = opened as [Router, Router, Router];
      own = first;
      await connect(own, left, ['10.0.12.1/24', '10.0.12.2/24'], ['eth1', 'eth1']);
      await connect(own, right, ['10.0.13.1/24', '10.0.13.3/24'], ['eth2', 'eth1']);
      expect(await own.load(frrConf(configOf(1)))).to.match(/^\s*$/);
      for (const [index, router] of [left, right].entries())
        expect(await router.load(frrConf(configOf(index + 2)))).to.match(/^\s*$/);
      await untilWays(own, 'eth1,eth2', 'at first');
    });
    after(async () => {
      for (const router of opened) await router[Symbol.asyncDispose]();
    });

    it('uses either way again when its link comes back', async () => {
      for (const [link, other] of [
        ['eth2', 'eth1'],
        ['eth1', 'eth2'],
        ['eth2', 'eth1'],
      ] as const) {
        await own.ip('link', 'set', link, 'down');
        await untilWays(own, other, `${link} is down`);

        await own.ip('link', 'set', link, 'up');
        await untilWays(own, 'eth1,eth2', `${link} is up again`);
      }
    });
  });

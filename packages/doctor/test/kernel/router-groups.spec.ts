import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type OspfLinks, readOspfLinks, routerGroupsCheck } from '../../src/checks/router-groups.ts';
import type { Finding } from '../../src/check.ts';
import { configOf, frrConf } from '../../../quagga/test/support/pair.ts';
import { type Router, openRouter } from '../../../quagga/test/support/router.ts';

const run = promisify(execFile);
const LINKS = ['swp1', 'swp2', 'swp3'];
const LIMIT = 2;

/** Runs OSPF on the first so many links, and waits until it has hellos to send on all of them. */
async function ospfOn(router: Router, count: number): Promise<OspfLinks> {
  const interfaces = Object.fromEntries(LINKS.slice(0, count).map((name) => [name, {}]));
  expect(await router.load(frrConf(configOf({ preset: 'p2p', routerId: '10.0.0.1', interfaces })))).to.match(/^\s*$/);
  const end = performance.now() + 20_000;
  for (;;) {
    const ospf = readOspfLinks((await router.command('ospfd', 'show ip ospf interface')).text);
    if (ospf.links === count || performance.now() > end) return ospf;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const judge = (ospf: OspfLinks): Pick<Finding, 'severity' | 'found'>[] =>
  routerGroupsCheck.judge({ ospf, limit: LIMIT }).map(({ severity, found }) => ({ severity, found }));

describe('a router with more links than its kernel lets OSPF join groups', function () {
  this.timeout(90_000);

  it('is told of before the next link is deaf, and afterwards', async () => {
    await using router = await openRouter({ daemons: ['zebra', 'ospfd'] });
    const limit = `echo ${LIMIT} > /proc/sys/net/ipv4/igmp_max_memberships`;
    await run('nsenter', ['-t', String(router.namespacePid), '-n', 'sh', '-c', limit]);
    for (const [index, name] of LINKS.entries()) {
      await router.ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}-peer`);
      await router.ip('link', 'set', `${name}-peer`, 'up');
      await router.ip('link', 'set', name, 'up');
      await router.ip('address', 'add', `10.0.${index}.0/31`, 'dev', name);
    }

    expect(judge(await ospfOn(router, 1))).to.deep.equal([]);
    expect(judge(await ospfOn(router, 2))).to.deep.equal([
      { severity: 'warning', found: 'OSPF has joined 2 multicast groups, and net/ipv4/igmp_max_memberships is 2' },
    ]);
    expect(judge(await ospfOn(router, 3))).to.deep.equal([
      {
        severity: 'broken',
        found: 'OSPF hears nothing on 1 of 3 links, such as swp3: net/ipv4/igmp_max_memberships is 2',
      },
    ]);
  });
});

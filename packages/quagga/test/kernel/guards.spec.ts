import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { parseDocument } from '../../src/preset/document.ts';
import { render } from '../../src/render/render.ts';
import { frrConf } from '../support/pair.ts';
import { type Router, openRouter } from '../support/router.ts';

const run = promisify(execFile);
const ALL = process.env.ROUTED_ATTACK === 'all';
const CONTAINERS = ['10.112.0.0/12'];
/** Slow enough for a machine that does much besides. */
const BFD = { profiles: { fabric: { transmitIntervalMs: 300, receiveIntervalMs: 300, detectMultiplier: 5 } } };
const VICTIM = '10.112.1.1';

type Sessions = Record<string, { readonly state: string; readonly pfxRcd: number }>;

/** A switch with two hosts; each of those has a container. */
class Rack implements AsyncDisposable {
  readonly #opened: Router[] = [];

  static async open(leaf: Record<string, unknown>, host: Record<string, unknown> = {}): Promise<Rack> {
    const rack = new Rack();
    try {
      await rack.#start({ transit: true, ...leaf }, 0);
      for (const index of [1, 2]) {
        const router = await rack.#start(host, index);
        await rack.leaf.ip(
          'link',
          'add',
          `swp${index}`,
          'type',
          'veth',
          'peer',
          'name',
          'eth1',
          'netns',
          String(router.namespacePid),
        );
        await router.ip('link', 'set', 'eth1', 'up');
        await rack.leaf.ip('link', 'set', `swp${index}`, 'up');
        await router.ip('route', 'add', `10.112.${index}.1/32`, 'dev', 'containers', 'proto', '200');
      }
      await rack.until(async () => Object.values(await rack.sessions(rack.leaf)).every(({ pfxRcd }) => pfxRcd === 1));
      return rack;
    } catch (error) {
      await rack[Symbol.asyncDispose]();
      throw error;
    }
  }

  get leaf(): Router {
    return this.#opened[0]!;
  }

  host(index: 1 | 2): Router {
    return this.#opened[index]!;
  }

  async #start(bgp: Record<string, unknown>, index: number): Promise<Router> {
    const router = await openRouter({ daemons: ['zebra', 'bgpd', 'bfdd'] });
    this.#opened.push(router);
    const { fleet, ...own } = bgp;
    const interfaces = index === 0 ? { swp1: {}, swp2: {} } : { eth1: {} };
    const common = { preset: 'bgp-unnumbered', routerId: `10.0.0.${index + 1}`, containers: CONTAINERS, bfd: BFD };
    const { model } = parseDocument({ ...common, interfaces, fleet, bgp: { asn: 65001 + index, ...own } }, 'frr');
    expect(await router.load(frrConf(render(model, 'frr')))).to.match(/^\s*$/);
    return router;
  }

  async sessions(router: Router): Promise<Sessions> {
    const { text } = await router.command('bgpd', 'show bgp ipv4 unicast summary json');
    return (JSON.parse(text) as { peers?: Sessions }).peers ?? {};
  }

  /** The second host has that many containers more. */
  async announce(count: number): Promise<void> {
    const router = this.host(2);
    const lines = Array.from(
      { length: count },
      (_, index) => `route add 10.113.${index >> 8}.${index & 255}/32 dev containers proto 200\n`,
    );
    await writeFile(join(router.vtyDir, 'routes'), lines.join(''));
    await router.ip('-batch', join(router.vtyDir, 'routes'));
  }

  async until(isDone: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + 60_000;
    while (!(await isDone())) {
      if (performance.now() > end)
        throw new Error(`not within 60 s: ${JSON.stringify(await this.sessions(this.leaf))}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Since when another session has been up, in seconds since 1970, which bgpd rounds: one that was lost in between is later. */
  async upSince(router: Router): Promise<number> {
    const { text } = await router.command('bgpd', 'show bgp ipv4 unicast summary json');
    const { peers } = JSON.parse(text) as { peers: Record<string, { peerUptimeEstablishedEpoch: number }> };
    return Object.values(peers)[0]!.peerUptimeEstablishedEpoch;
  }

  async hasVictim(): Promise<boolean> {
    return (
      await run('nsenter', ['-t', String(this.leaf.namespacePid), '-n', 'ip', 'route', 'show', VICTIM])
    ).stdout.includes('proto bgp');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const router of this.#opened.reverse()) await router[Symbol.asyncDispose]();
  }
}

describe('a host that announces far too much', function () {
  this.timeout(240_000);

  it('loses its own session at the switch, and no other host does', async () => {
    const towards = { peerGroups: { FABRIC: { towards: 'hosts' } } };
    await using rack = await Rack.open({ ...towards, fleet: { hosts: 2, containersPerHost: 100 } });
    const before = await rack.upSince(rack.host(1));

    await rack.announce(ALL ? 25_000 : 2000);
    await rack.until(async () => (await rack.sessions(rack.leaf)).swp2?.state !== 'Established');

    const sessions = await rack.sessions(rack.leaf);
    expect(sessions.swp2?.state).to.equal('Idle (PfxCt)');
    expect(sessions.swp1).to.include({ state: 'Established', pfxRcd: 1 });
    expect(await rack.upSince(rack.host(1))).to.be.closeTo(before, 1);
    expect(await rack.hasVictim()).to.equal(true);
  });

  const [count, limit] = ALL ? [25_000, 20_000] : [300, 100];
  const warning = { ipv4: { maximumPrefix: { limit } } };

  it(`ends no session of a host where the switch has no limit: ${count} routes, more than hosts warn of`, async () => {
    await using rack = await Rack.open({}, { peerGroups: { FABRIC: warning } });
    const [one, two] = [await rack.upSince(rack.host(1)), await rack.upSince(rack.host(2))];

    await rack.announce(count);
    await rack.until(async () => Object.values(await rack.sessions(rack.host(1)))[0]?.pfxRcd === count + 1);

    expect(await rack.upSince(rack.host(1))).to.be.closeTo(one, 1);
    expect(await rack.upSince(rack.host(2))).to.be.closeTo(two, 1);
    expect(Object.values(await rack.sessions(rack.leaf)).map(({ state }) => state)).to.deep.equal([
      'Established',
      'Established',
    ]);
    expect(await rack.hasVictim()).to.equal(true);
  });
});

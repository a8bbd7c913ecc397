import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { applyConfiguration } from '../../src/apply/apply.ts';
import { type Pair, openPair } from '../support/pair.ts';

const run = promisify(execFile);
const SUMMARY = '10.112.200.0/24';
const UNUSED = '10.112.200.99';

describe('a summary and a default route to the router that hears it', function () {
  this.timeout(40_000);
  let pair: Pair;
  before(async () => {
    pair = await openPair((host) => ({ preset: 'lan', routerId: `10.0.0.${host}` }));
    const summary = pair.config({ ospf: { summaryAddresses: [{ prefix: SUMMARY }] } });
    await applyConfiguration(summary, { ...pair.own, allow: 'flaps' });
    // The neighbor stands for many hosts here: it takes its own packets for those of one of them.
    const inside = ['-t', String(pair.other.namespacePid), '-n', 'sh', '-c'];
    await run('nsenter', [...inside, 'echo 1 > /proc/sys/net/ipv4/conf/eth1/accept_local']);
    await pair.own.ip('route', 'add', 'default', 'via', '10.0.0.2');
  });
  after(() => pair[Symbol.asyncDispose]());

  /** Packets that pass the link when the neighbor sends one to an address of the summary that nobody has. */
  async function packets(): Promise<number> {
    const inside = ['-t', String(pair.other.namespacePid), '-n'];
    const count = async (): Promise<number> => {
      const links = JSON.parse(await pair.own.ip('-j', '-s', 'link', 'show', 'eth1')) as {
        stats64: { rx: { packets: number } };
      }[];
      return links[0]!.stats64.rx.packets;
    };
    const before = await count();
    await run('nsenter', [...inside, 'ping', '-n', '-c', '1', '-W', '1', UNUSED]).catch(() => undefined);
    return (await count()) - before;
  }

  it('one packet to an address that nobody has stays one packet', async () => {
    expect(await pair.other.ip('route', 'show', SUMMARY)).to.include('proto ospf');
    expect(await packets()).to.be.lessThan(15);
  });

  it('without the route that drops, it goes to and fro until its time to live is over', async () => {
    await pair.own.load(`no ip route ${SUMMARY} blackhole 254\n`);

    expect(await packets()).to.be.greaterThan(30);
  });
});

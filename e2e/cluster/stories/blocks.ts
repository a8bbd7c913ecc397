import { type Family, familyOf, formatAddress, includes, parseAddress, parsePrefix } from '@routed/addresses';
import { expect } from 'chai';
import type { ClusterHost } from '@routed/lab';
import { REPOSITORY } from '../../../tools/documentation/markdown.ts';
import { idle, ping } from '../../support/containers.ts';
import { eventually } from '../../support/eventually.ts';
import type { ClusterStage } from '../support/cluster.ts';
import { converse, untilReached } from '../support/containers.ts';
import { learntDestinations } from '../support/routes.ts';

const PLUGIN = `${REPOSITORY}packages/daemon/bin/routed-plugin.js`;
const CONTAINERS = ['block1', 'block2', 'block3', 'block4'] as const;
const [first, second, moving, later] = CONTAINERS;
/** Of packets while blocks change, in seconds: 100 a second. */
const PACE_SEC = 0.01;

/** What a story of blocks is told of. */
export interface BlockNetwork {
  /** Of which the routers take host routes, and from now on blocks. */
  readonly containers: readonly string[];
  /** Inside of those. */
  readonly subnets: readonly string[];
  /** `routed.block`: one length for each subnet. */
  readonly lengths: string;
}

export const blocks4: BlockNetwork = { containers: ['10.1.0.0/16'], subnets: ['10.1.128.0/17'], lengths: '/26' };
/** Of the IPv6 prefix nothing else is used. */
export const blocksOfBoth: BlockNetwork = {
  containers: ['10.1.0.0/16', 'fd00:2::/64'],
  subnets: ['10.1.128.0/17', 'fd00:2::/64'],
  lengths: '/26,/122',
};

/** Two hosts whose containers get addresses of blocks, behind the policy that `export.ipv4Block` and `ipv6Block` render. */
export function tellBlocks(stage: ClusterStage, network: BlockNetwork = blocks4): void {
  const families = network.subnets.map((subnet) => familyOf(subnet));
  const lengthOf = (family: Family): string => network.lengths.split(',')[families.indexOf(family)] ?? '';
  const known = { 4: '', 6: '' };

  before(async () => {
    const { cluster, h1, h2 } = stage;
    const nodes = [...cluster.hosts, ...cluster.switches];
    await Promise.all(nodes.map(({ router }) => router.vtysh('configure terminal', ...permits(network))));
    await Promise.all([h1, h2].map((host) => create(host, network)));
    await Promise.all([run(h1, first), run(h2, second)]);
    for (const family of families) known[family] = await addressOf(h1, first, family);
  });
  after(async () => {
    for (const { host } of [stage.h1, stage.h2]) {
      await host.docker('rm', '--force', ...CONTAINERS).catch(() => undefined);
      await host.docker('network', 'rm', 'blocks');
    }
  });

  for (const family of families) {
    const told = families.length === 1 ? '' : ` (IPv${family})`;
    const subnet = network.subnets[families.indexOf(family)] ?? '';
    const learntBy = (host: ClusterHost): Promise<string[]> => learntIn(host, subnet);

    it(`announces one block of each host and no address of it, and reaches the containers and nothing else of it${told}`, async () => {
      const { cluster, h1, h2 } = stage;
      const [one, other] = await Promise.all([blocksOf(h1, family), blocksOf(h2, family)]);

      expect([one.length, other.length]).to.deep.equal([1, 1]);
      await eventually(async () => expect(await learntBy(h2)).to.deep.equal(one));
      await eventually(async () => expect(await learntBy(h1)).to.deep.equal(other));
      await untilReached(h2, second, known[family]);
      await untilReached(h1, first, await addressOf(h2, second, family));
      expect((await ping(h1.host, known[family])).exitCode, 'from its own host').to.equal(0);
      // Elsewhere hosts have no address to send from that the others have a route to.
      if (family === 4 && cluster.switches.length === 0)
        expect((await ping(h2.host, known[4])).exitCode, 'from the other host').to.equal(0);
      const unused = inside(one[0], 60n);
      expect((await ping(h2.host, unused, second)).exitCode, 'an address that no container has').not.to.equal(0);
    });

    it(`loses no packet of 100 a second while a network gets blocks, loses them and gets them back${told}`, async () => {
      const { h1, h2 } = stage;
      const [block = ''] = await blocksOf(h1, family);
      const conversation = await converse(h2, second, known[family], PACE_SEC);

      expect(await setBlock(h1, 'none')).to.contain('none');
      await eventually(async () => expect(await learntBy(h2)).to.include.members([bare(known[family]), block]));
      await h1.host.exec(['ip', 'route', 'delete', 'blackhole', block, 'proto', '201']);
      await eventually(async () => expect(await blocksOf(h1, family)).to.deep.equal([block]), 2_000);
      expect(await setBlock(h1, network.lengths)).to.contain(block);
      await run(h1, later);
      const neighbor = await addressOf(h1, later, family);
      await untilReached(h2, second, neighbor);
      expect(await learntBy(h2), 'beside a container that was there before').to.include.members([
        bare(known[family]),
        block,
      ]);
      expect(await learntBy(h2)).not.to.include(bare(neighbor));

      expect(await conversation.stop(), 'packets lost').to.equal(0);
      await h1.host.docker('rm', '--force', later);
    });

    it(`announces the block alone once its containers have started again${told}`, async () => {
      const { h1, h2 } = stage;
      const [block = ''] = await blocksOf(h1, family);

      await h1.host.docker('restart', '--time', '0', first);

      await eventually(async () => expect(await learntBy(h2)).to.deep.equal([block]));
      for (const each of families) known[each] = await addressOf(h1, first, each);
      await untilReached(h2, second, known[family]);
      expect(block.endsWith(lengthOf(family))).to.equal(true);
    });

    it(`announces an address by itself that another host has in its block, and that way wins${told}`, async () => {
      const { h1, h2 } = stage;
      const [block] = await blocksOf(h1, family);
      const address = inside(block, 50n);

      await run(h2, moving, family === 4 ? '--ip' : '--ip6', address);

      await eventually(async () => expect(await learntBy(h1)).to.include(address));
      await untilReached(h1, first, address);
      await h2.host.docker('rm', '--force', moving);
    });
  }
}

/** What `export: { ipv4Block, ipv6Block }` adds to the lists of a router. */
function permits({ containers, lengths }: BlockNetwork): string[] {
  return containers.flatMap((prefix, index) => {
    const length = lengths.split(',')[index]?.slice(1) ?? '';
    const [ip, suffix] = familyOf(prefix) === 4 ? ['ip', ''] : ['ipv6', '6'];
    // OSPF has no list of imports; one that nothing uses does nothing.
    return ['CONTAINERS', 'IMPORT'].map(
      (list) => `${ip} prefix-list ${list}${suffix} seq 3 permit ${prefix} ge ${length} le ${length}`,
    );
  });
}

async function create({ host }: ClusterHost, { subnets, lengths }: BlockNetwork): Promise<void> {
  const ipam = [
    'network',
    'create',
    '-d',
    'routed',
    '--ipam-driver',
    'routed',
    ...(subnets.length > 1 ? ['--ipv6'] : []),
  ];
  const prefixes = subnets.flatMap((subnet) => ['--subnet', subnet]);
  await host.docker(...ipam, ...prefixes, '-o', `routed.block=${lengths}`, 'blocks');
}

async function run({ host }: ClusterHost, name: string, ...argv: readonly string[]): Promise<void> {
  await host.docker('run', '-d', '--name', name, '--network', 'blocks', ...argv, ...idle);
}

async function addressOf({ host }: ClusterHost, name: string, family: Family): Promise<string> {
  const field = family === 4 ? 'IPAddress' : 'GlobalIPv6Address';
  return await host.docker('inspect', '--format', `{{.NetworkSettings.Networks.blocks.${field}}}`, name);
}

async function setBlock({ host }: ClusterHost, lengths: string): Promise<string> {
  return (await host.exec([process.execPath, PLUGIN, 'network', 'block', 'blocks', lengths])).stdout;
}

/** The blocks that a host announces. */
async function blocksOf({ host }: ClusterHost, family: Family): Promise<string[]> {
  const { stdout } = await host.exec(['ip', `-${family}`, 'route', 'show', 'proto', '201']);
  return stdout.split('\n').flatMap((line) => /^blackhole (\S+)/.exec(line)?.[1] ?? []);
}

/** What a host has learnt of the subnet. */
async function learntIn({ host }: ClusterHost, subnet: string): Promise<string[]> {
  const range = parsePrefix(subnet)!;
  return (await learntDestinations(host)).filter((destination) => {
    const address = parseAddress(bare(destination));
    return address !== undefined && includes(range, address);
  });
}

/** The address of this number in a block. */
function inside(block = '', number: bigint): string {
  const { family, first: start } = parsePrefix(block)!;
  return formatAddress({ family, value: start + number });
}

function bare(destination: string): string {
  return destination.replace(/\/\d+$/, '');
}

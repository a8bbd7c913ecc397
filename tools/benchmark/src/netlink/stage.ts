import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openNetns } from '@routed/netns';
import { Program } from './program.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** Pairs of links, which with `lo` are all there are. */
const pairs = 501;

/** Tables of routes that stay. */
export const tables = { small: 110, large: 111, huge: 112 } as const;

/** How many routes they have. The huge one is filled last, by {@link Stage.fillHuge}. */
export const routesOf = { small: 10_000, large: 100_000, huge: 1_000_000 } as const;

/** Where everything is measured: a network namespace with links and routes, and the C program in it. */
export class Stage implements AsyncDisposable {
  readonly floor: Program;
  /** An interface that is up, with 10.0.0.0/8 behind it. */
  readonly linkIndex: number;
  readonly #directory: string;

  private constructor(floor: Program, linkIndex: number, directory: string) {
    this.floor = floor;
    this.linkIndex = linkIndex;
    this.#directory = directory;
  }

  /** Compiles the C program, starts it in a new namespace, and makes links and routes there. */
  static async open(): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), 'routed-netlink-'));
    const binary = join(directory, 'requests');
    const sources = ['netlink/requests.c', 'floor/netlink.c'].map((file) => join(root, file));
    await run('gcc', ['-O2', '-I', join(root, 'floor'), '-o', binary, ...sources]);
    const floor = Program.start(['unshare', '--net', '--', binary]);
    // It answers once it is in the namespace.
    await floor.ask('list-links');
    const linkIndex = await makeLinks(floor.pid);
    for (const size of ['small', 'large'] as const)
      await floor.ask(`fill ${linkIndex} ${tables[size]} ${routesOf[size]}`);
    return new Stage(floor, linkIndex, directory);
  }

  /** Starts the requests of a build of the library under a Node. */
  start(node: string, library: string): Program {
    const subject = join(root, 'src/netlink/subject.ts');
    return Program.start([
      ...['nsenter', `--net=/proc/${this.floor.pid}/ns/net`, '--'],
      ...[node, `--import=${import.meta.resolve('tsx')}`, subject, library],
    ]);
  }

  async fillHuge(): Promise<void> {
    await this.floor.ask(`fill ${this.linkIndex} ${tables.huge} ${routesOf.huge}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.floor[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true });
  }
}

/** Returns the index of the first. */
async function makeLinks(pid: number): Promise<number> {
  await using netns = await openNetns({ pid });
  await using rtnl = await netns.openRtnl();
  const { index } = await rtnl.links.createVeth({ name: 'v0', isUp: true, peer: { name: 'w0' } });
  await rtnl.links.set({ name: 'w0' }, { isUp: true });
  await rtnl.links.set({ name: 'lo' }, { isUp: true });
  await rtnl.addresses.add({ linkIndex: index, address: '10.255.255.254/8' });
  for (let pair = 1; pair < pairs; pair++)
    await rtnl.links.createVeth({ name: `v${pair}`, peer: { name: `w${pair}` } });
  return index;
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { isNetlinkError } from '../../src/index.ts';
import { anonymousNetns } from '../../src/testing/index.ts';
import type { Netns } from '../../src/types/netns.ts';
import type { Rtnl } from '../../src/types/rtnl.ts';
import { run } from '../support/enter.ts';

const PAGE = readFileSync(new URL('../../docs/from-iproute2.md', import.meta.url), 'utf8');
/** What is made by chance, comes later than the answer, or counts down. */
const PASSING_KEYS = /^(operstate|.*_timer|ifindex|mtu_.*)$/;
const PASSING_FLAGS: readonly unknown[] = ['LOWER_UP', 'NO-CARRIER', 'M-DOWN', 'linkdown'];
const OURS = '02:00:00:';

interface Step {
  readonly command: string;
  readonly code: string;
}

type Row = Readonly<Record<string, unknown>>;

/** The commands of the page and the calls below them; blocks that open something go on for ever or need names. */
function steps(): Step[] {
  return Array.from(PAGE.matchAll(/^```ts\n([^]*?)^```/gm), ([, block = '']) => block)
    .filter((block) => !block.includes('openNetns('))
    .flatMap((block) => block.split(/^\/\/ (?=ip |bridge |sysctl )/m).slice(1))
    .map((text) => {
      const end = text.indexOf('\n');
      return { command: text.slice(0, end), code: text.slice(end + 1) };
    });
}

/** As JSON.parse calls it: leaves out what {@link PASSING_KEYS} names. */
function lasting(key: string, value: unknown): unknown {
  if (PASSING_KEYS.test(key)) return undefined;
  if (key === 'state' && typeof value === 'string') return undefined;
  if (key.endsWith('_life_time')) return Math.round(Number(value) / 100);
  if (Array.isArray(value)) return value.filter((item) => !PASSING_FLAGS.includes(item));
  if (typeof value !== 'string') return value;
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(value) && !value.startsWith(OURS)
    ? 'by chance'
    : value.replace(/^([0-9a-f]{4})\.[0-9a-f:]+$/, '$1');
}

describe('the page "From iproute2 to @routed/netns"', () => {
  const folder = mkdtempSync(join(tmpdir(), 'from-iproute2-'));
  /** `ip` works in one, the library in the other. */
  let [theirs, ours]: Netns[] = [];
  let rtnl: Rtnl;

  before(async () => {
    writeFileSync(
      join(folder, '4'),
      'link show\naddress show\nroute show table all\nrule show\nneigh show\nneigh show proxy\nnexthop show\n',
    );
    writeFileSync(join(folder, '6'), 'route show table all\nrule show\nneigh show proxy\n');
    theirs = await anonymousNetns();
    ours = await anonymousNetns();
    // The link-local addresses are made of MAC addresses, which are made by chance.
    for (const netns of [theirs, ours]) await netns.writeSysctl('net.ipv6.conf.default.addr_gen_mode', '1');
    rtnl = await ours.openRtnl();
  });

  after(async () => {
    await rtnl.close();
    await theirs!.close();
    await ours!.close();
    rmSync(folder, { recursive: true });
  });

  async function stateOf(netns: Netns): Promise<readonly (readonly string[])[]> {
    const batch = (family: string): Promise<string> =>
      run(netns, 'ip', `-${family}`, '-details', '-json', '-batch', join(folder, family));
    const [both, ipv6] = [await batch('4'), await batch('6')].map((output) =>
      output
        .trim()
        .split(/\n(?=\[)/)
        .map((list) => JSON.parse(list, lasting) as readonly Row[]),
    );
    // Routes that the kernel makes for IPv6 come when the link has got its carrier.
    const isSet = ({ protocol }: Row): boolean => protocol !== 'kernel';
    // The order of neighbours is one of chance.
    return [...both!, ...ipv6!.map((list) => list.filter(isSet))].map((list) =>
      list.map((row) => JSON.stringify(row)).sort(),
    );
  }

  /** Runs the calls; returns what they printed. */
  async function call(code: string): Promise<unknown[]> {
    const printed: unknown[] = [];
    const scope = {
      ...{ netns: ours, links: rtnl.links, addresses: rtnl.addresses, routes: rtnl.routes },
      ...{ rules: rtnl.rules, neighbours: rtnl.neighbours, nextHops: rtnl.nextHops, fdb: rtnl.fdb },
      indexOf: async (name: string) => (await rtnl.links.get({ name }))!.index,
      console: { log: (rows: unknown[]) => printed.push(...rows) },
    };
    const program = `return async ({ ${Object.keys(scope).join(', ')} }) => {\n${code}\n}`;
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- the page is ours
    await (new Function(program)() as (names: typeof scope) => Promise<void>)(scope);
    return printed;
  }

  /** How many rows a command shows: of addresses, those of all links. */
  async function shown(command: string): Promise<number> {
    const [program = '', ...args] = command.split(' ');
    if (program === 'sysctl') return (await run(theirs!, program, ...args)).trim().split('\n').length;
    const rows = JSON.parse(await run(theirs!, program, '-json', ...args)) as readonly Row[];
    // ip(8) shows links of another kind as empty objects.
    return command.includes(' address ')
      ? rows.flatMap((row) => row['addr_info'] ?? []).length
      : rows.filter((row) => Object.keys(row).length > 0).length;
  }

  const isQuery = (command: string): boolean => / (show|get) | show$|^sysctl net/.test(command);

  for (const { command, code } of steps()) {
    it(command, async () => {
      if (isQuery(command)) {
        expect(await call(code)).to.have.lengthOf(await shown(command));
        return;
      }
      const [program = '', ...args] = command.split(' ');
      const refusal = await run(theirs!, program, ...args).then(
        () => undefined,
        (error: unknown) => String((error as { readonly stderr?: string }).stderr),
      );

      if (refusal === undefined) await call(code);
      else {
        expect(refusal).to.match(/Unknown device type|not supported/);
        const error = await call(code).catch((reason: unknown) => reason);
        expect(isNetlinkError(error, 'EOPNOTSUPP'), String(error)).to.equal(true);
      }

      expect(await stateOf(ours!)).to.deep.equal(await stateOf(theirs!));
    });
  }
});

import { EventEmitter } from 'node:events';
import type { Nfnetlink } from '@routed/netns/nfnetlink';
import { expect } from 'chai';
import {
  type CommandRunner,
  createEndpointFilters,
  type EndpointFilter,
  isNetfilterError,
  parseAllowList,
  type RulesetWatch,
} from '../../src/index.ts';

const options = { table: 'routed', linkPrefix: 'vethr' };
const filter: EndpointFilter = { link: 'vethr0000000001', addresses: ['10.1.0.2'], spoof: 'strict' };
const list = parseAllowList('10.0.0.0/8');

/** A kernel that takes every transaction and has nothing to tell. */
function kernel(): { nfnetlink: Nfnetlink; transactions: () => number; dumps: () => number } {
  let transactions = 0;
  let dumps = 0;
  const close = (): Promise<void> => Promise.resolve();
  return {
    transactions: () => transactions,
    dumps: () => dumps,
    nfnetlink: {
      transaction: (_subsystem, messages) => {
        if (messages.length > 0) transactions += 1;
        return Promise.resolve();
      },
      dump: () => {
        dumps += 1;
        return Promise.resolve([]);
      },
      each: () => Promise.resolve([]),
      close,
      [Symbol.asyncDispose]: close,
    },
  };
}

async function refusal(done: Promise<unknown>): Promise<unknown> {
  return done.then(
    () => 'done',
    (error: unknown) => error,
  );
}

describe('endpoint filters without nft', () => {
  let calls: number;
  const run: CommandRunner = () => {
    calls += 1;
    return Promise.resolve(undefined);
  };
  beforeEach(() => (calls = 0));

  it('let endpoints pass that have no list, and look for nft once', async () => {
    const { nfnetlink, transactions } = kernel();
    const filters = createEndpointFilters({ nfnetlink, run }, options);

    expect(await filters.ensure()).to.equal('unavailable');
    await filters.set(filter);
    await filters.remove(filter.link);

    expect(transactions()).to.equal(0);
    expect(calls).to.equal(1);
  });

  it('refuse an endpoint that has one, and say what to install', async () => {
    const filters = createEndpointFilters({ nfnetlink: kernel().nfnetlink, run }, options);

    const error = await refusal(filters.set({ ...filter, ingress: list }));

    expect(isNetfilterError(error, 'NFT_MISSING')).to.equal(true);
    expect(String(error)).to.contain('vethr0000000001').and.to.contain('install the package nftables');
  });

  it('are there once nft is', async () => {
    const { nfnetlink, transactions } = kernel();
    let isInstalled = false;
    const later: CommandRunner = () =>
      Promise.resolve(isInstalled ? { exitCode: 0, stdout: '', stderr: '' } : undefined);
    const filters = createEndpointFilters({ nfnetlink, run: later }, options);
    await filters.ensure();
    isInstalled = true;

    expect(await filters.ensure()).to.equal('installed');
    await filters.set({ ...filter, ingress: list });

    expect(transactions()).to.equal(1);
  });
});

describe('endpoint filters', () => {
  const run: CommandRunner = () => Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });

  it('send one transaction for a change, and none for none', async () => {
    const { nfnetlink, transactions } = kernel();
    const watch = new EventEmitter() as unknown as RulesetWatch;
    const filters = createEndpointFilters({ nfnetlink, run, watch: Object.assign(watch, { isDeaf: false }) }, options);

    await filters.set({ ...filter, ingress: list });
    await filters.set({ ...filter, ingress: list });
    expect(transactions()).to.equal(1);
    await filters.remove(filter.link);
    await filters.remove(filter.link);

    expect(transactions()).to.equal(2);
  });

  describe('with a watch that hears what nft does for them', () => {
    let watch: EventEmitter & { isDeaf: boolean };
    let found: ReturnType<typeof kernel>;
    const told: CommandRunner = (argv) => {
      const tell = (): void => void watch.emit('damage', 'filters');
      setImmediate(tell);
      setImmediate(() => setImmediate(tell));
      return run(argv);
    };
    const open = (): ReturnType<typeof createEndpointFilters> => {
      watch = Object.assign(new EventEmitter(), { isDeaf: false });
      found = kernel();
      const deps = { nfnetlink: found.nfnetlink, run: told, watch: watch as unknown as RulesetWatch };
      return createEndpointFilters(deps, options);
    };

    it('look at nothing again, as nobody else changed anything', async () => {
      const filters = open();
      expect(await filters.ensure()).to.equal('installed');
      await filters.set(filter);
      const before = found.dumps();

      await filters.set(filter);
      expect(await filters.ensure()).to.equal('present');

      expect(await filters.list()).to.deep.equal([filter.link]);
      expect(found.dumps()).to.equal(before);
    });

    it('look again when somebody else changed something', async () => {
      const filters = open();
      await filters.ensure();
      await filters.set(filter);
      for (const look of [() => filters.set(filter), () => filters.list(), () => filters.ensure()]) {
        const before = found.dumps();
        watch.emit('damage', 'filters');

        await look();

        expect(found.dumps()).to.be.greaterThan(before);
      }
    });
  });

  it('load the rules about ranges of ports with the first range of a direction, once', async () => {
    const scripts: string[] = [];
    const noting: CommandRunner = (argv, input = '') => {
      scripts.push(input);
      return run(argv, input);
    };
    const watch = new EventEmitter() as unknown as RulesetWatch;
    const deps = { nfnetlink: kernel().nfnetlink, run: noting, watch: Object.assign(watch, { isDeaf: false }) };
    const filters = createEndpointFilters(deps, options);
    const egress = parseAllowList('10.0.0.0/8:8000-8100', 'egress');

    await filters.set({ ...filter, ingress: list });
    await filters.set({ ...filter, egress });
    await filters.set({ ...filter, link: 'vethr0000000002', egress });

    expect(scripts.map((script) => [/ ranges4 /, / target_ranges4 /].map((chain) => chain.test(script)))).to.deep.equal(
      [
        [false, false],
        [false, true],
      ],
    );
  });

  it('load the rules about tracking with the first link that is not tracked, and ask for uplinks then', async () => {
    const scripts: string[] = [];
    const noting: CommandRunner = (argv, input = '') => {
      scripts.push(input);
      return run(argv, input);
    };
    let asked = 0;
    const uplinks = (): Promise<string[]> => {
      asked += 1;
      return Promise.resolve(['eth0']);
    };
    const watch = new EventEmitter() as unknown as RulesetWatch;
    const deps = { nfnetlink: kernel().nfnetlink, run: noting, uplinks };
    const filters = createEndpointFilters({ ...deps, watch: Object.assign(watch, { isDeaf: false }) }, options);
    const loaded = (): boolean[] =>
      scripts.filter((script) => script.startsWith('table')).map((script) => / notrack/.test(script));

    await filters.set(filter);
    await filters.ensure();
    expect(loaded()).to.deep.equal([false]);
    expect(asked).to.equal(0);

    await filters.set({ ...filter, conntrack: 'off' });
    await filters.set({ ...filter, link: 'vethr0000000002', conntrack: 'off' });

    expect(loaded()).to.deep.equal([false, true]);
    expect(asked).to.be.greaterThan(0);
  });

  it('refuse a link without tracking where nftables cannot, and no other', async () => {
    const old: CommandRunner = (_argv, input = '') =>
      Promise.resolve({
        exitCode: input.includes('notrack') ? 1 : 0,
        stdout: '',
        stderr: 'Error: Could not process rule',
      });
    const filters = createEndpointFilters({ nfnetlink: kernel().nfnetlink, run: old }, options);

    const error = await refusal(filters.set({ ...filter, conntrack: 'off' }));
    await filters.set({ ...filter, link: 'vethr0000000002' });

    expect(isNetfilterError(error, 'CONNTRACK_UNAVAILABLE')).to.equal(true);
    expect(String(error)).to.contain('omit routed.conntrack=off');
    expect(await filters.ensure()).to.not.equal('unavailable');
  });

  it('refuse links that the rules are not about', async () => {
    const filters = createEndpointFilters({ nfnetlink: kernel().nfnetlink, run }, options);

    for (const link of ['eth0', 'vethr00000000012', '']) {
      const error = await refusal(filters.set({ ...filter, link }));
      expect(isNetfilterError(error, 'FILTER_INVALID'), link).to.equal(true);
    }
  });

  it('say what nft said when it refuses', async () => {
    const refusing: CommandRunner = () =>
      Promise.resolve({ exitCode: 1, stdout: '', stderr: 'Error: Could not process rule: Operation not supported\n' });
    const filters = createEndpointFilters({ nfnetlink: kernel().nfnetlink, run: refusing }, options);

    const error = await refusal(filters.ensure());

    expect(isNetfilterError(error, 'FIREWALL_REFUSED')).to.equal(true);
    expect(String(error)).to.contain('table routed').and.to.contain('Operation not supported');
  });

  it('say what killed nft, and what to do, in a line that has an end', async () => {
    const dying: CommandRunner = () =>
      Promise.resolve({ exitCode: 139, signal: 'SIGSEGV', stdout: '', stderr: `nft: ${'x'.repeat(100_000)}` });
    const filters = createEndpointFilters({ nfnetlink: kernel().nfnetlink, run: dying }, options);

    const error = await refusal(filters.ensure());

    expect(isNetfilterError(error, 'FIREWALL_REFUSED')).to.equal(true);
    expect(String(error))
      .to.contain('nft was killed by SIGSEGV')
      .and.to.contain('upgrade it')
      .and.to.contain('nft: xxx');
    expect(String(error)).to.have.length.below(1_500);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { isNetlinkError } from '@routed/netns';
import { type Nfnetlink, openNfnetlink } from '@routed/netns/nfnetlink';
import { expect } from 'chai';
import { type CommandRunner, createNfTable, loadRules, type NfTable, watchTables } from '../../src/index.ts';
import { openProgramNamespace, type ProgramNamespace } from '../support/namespace.ts';
import { until } from '../support/until.ts';

describe('a table of one’s own', () => {
  let namespace: ProgramNamespace;
  let nfnetlink: Nfnetlink;
  let table: NfTable;

  beforeEach(async () => {
    namespace = await openProgramNamespace();
    nfnetlink = await openNfnetlink({ netns: namespace.netns });
    table = createNfTable({ nfnetlink }, { family: 'inet', table: 'blocklist' });
  });
  afterEach(async () => {
    await nfnetlink.close();
    await namespace.close();
  });

  const run: CommandRunner = (argv, input) => namespace.run(argv, input);
  const listed = (set: string): Promise<string> => namespace.sh(`nft list set inet blocklist ${set}`);

  it('has sets that nft reads as it would have made them', async () => {
    const plain = await table.ensureSet({ name: 'sources', fields: ['ipv4'], maxElements: 1000 });
    const rich = await table.ensureSet({
      name: 'flows',
      fields: ['link', 'ipv6', 'protocol', 'port'],
      timeoutMs: 3_600_000,
      hasCounters: true,
    });
    await plain.add([{ key: ['192.0.2.7'] }, { key: ['192.0.2.9'] }]);
    await rich.add([{ key: ['eth0', 'fd00::7', 6, 443] }, { key: ['eth1', 'fd00::8', 17, 53], timeoutMs: 60_000 }]);
    for (const [name, field, value, type, text] of [
      ['macs', 'mac', '02:42:0a:01:00:02', 'ether_addr', '02:42:0a:01:00:02'],
      ['marks', 'mark', 0x11, 'mark', '0x00000011'],
      ['ports', 'port', 8080, 'inet_service', '8080'],
    ] as const) {
      await (await table.ensureSet({ name, fields: [field] })).add([{ key: [value] }]);
      expect(await listed(name)).to.match(new RegExp(`type ${type}\\s+elements = { ${text} }`));
    }

    expect(await listed('sources')).to.match(/type ipv4_addr\s+size 1000\s+elements = { 192.0.2.7, 192.0.2.9 }/);
    const flows = await listed('flows');
    expect(flows).to.match(/type ifname \. ipv6_addr \. inet_proto \. inet_service\s+counter\s+timeout 1h/);
    expect(flows).to.match(/"eth0" \. fd00::7 \. (tcp|6) \. 443 counter packets 0 bytes 0 expires/);
    expect(flows).to.match(/"eth1" \. fd00::8 \. (udp|17) \. 53 counter packets 0 bytes 0 timeout 1m expires/);
    const [one] = (await rich.list()).filter(({ key }) => key[0] === 'eth1');
    expect(one?.key).to.deep.equal(['eth1', 'fd00::8', 17, 53]);
    expect(one?.timeoutMs).to.equal(60_000);
    expect(one?.expiresInMs).to.be.within(1, 60_000);
    expect(one?.counter).to.deep.equal({ packets: 0n, bytes: 0n });
  });

  it('adds, renews, deletes, replaces and flushes, whatever is there', async () => {
    const set = await table.ensureSet({ name: 'sources', fields: ['ipv4', 'port'], hasTimeouts: true });
    const keys = async (): Promise<string[]> => (await set.list()).map(({ key }) => key.join(':')).sort();
    await set.add([{ key: ['192.0.2.1', 22], timeoutMs: 60_000 }, { key: ['192.0.2.2', 22] }]);

    await set.add([{ key: ['192.0.2.1', 22], timeoutMs: 7_200_000 }]);
    const [renewed] = (await set.list()).filter(({ key }) => key[0] === '192.0.2.1');
    expect(renewed?.expiresInMs).to.be.within(7_000_000, 7_200_000);
    await set.delete([
      ['192.0.2.1', 22],
      ['192.0.2.99', 22],
    ]);
    expect(await keys()).to.deep.equal(['192.0.2.2:22']);
    await set.replace([{ key: ['192.0.2.3', 80] }, { key: ['192.0.2.3', 80], timeoutMs: 60_000 }]);
    expect(await keys()).to.deep.equal(['192.0.2.3:80']);
    await set.flush();
    expect(await keys()).to.deep.equal([]);
    await set.add([]);
  });

  it('lets elements go when their time is over', async () => {
    const set = await table.ensureSet({ name: 'sources', fields: ['ipv4'], hasTimeouts: true });
    await set.add([{ key: ['192.0.2.1'], timeoutMs: 100 }, { key: ['192.0.2.2'] }]);

    await until(async () => (await set.list()).length === 1, 'the element is gone', 20_000);

    expect((await set.list())[0]).to.deep.equal({ key: ['192.0.2.2'] });
    // An element whose time is over can be added, and deleted, as one that never was.
    await set.add([{ key: ['192.0.2.1'], timeoutMs: 1 }]);
    await sleep(20);
    await set.delete([['192.0.2.1']]);
    await set.add([{ key: ['192.0.2.1'], timeoutMs: 60_000 }]);
    expect(await set.list()).to.have.lengthOf(2);
  });

  it('takes 2,000 elements at once, and changes two sets together or not at all', async () => {
    const [one, two] = [
      await table.ensureSet({ name: 'one', fields: ['ipv4'] }),
      await table.ensureSet({ name: 'two', fields: ['ipv4'], maxElements: 1 }),
    ];
    const many = Array.from({ length: 2000 }, (_, at) => ({ key: [`10.0.${at >> 8}.${at & 255}`] }));
    await one.add(many);
    expect(await one.list()).to.have.lengthOf(2000);

    const tooMany = [{ key: ['192.0.2.1'] }, { key: ['192.0.2.2'] }];
    const error: unknown = await table
      .transaction([one.steps.flush(), two.steps.add(tooMany)])
      .catch((e: unknown) => e);

    expect(isNetlinkError(error, 'ENFILE')).to.equal(true);
    expect(await one.list()).to.have.lengthOf(2000);
    await table.transaction([one.steps.flush(), two.steps.add(tooMany.slice(1))]);
    expect(await one.list()).to.deep.equal([]);
    expect(await two.list()).to.deep.equal([{ key: ['192.0.2.2'] }]);
  });

  it('stops packets by rules that look into its sets, and counts them', async () => {
    const blocked = await table.ensureSet({ name: 'blocked', fields: ['ipv4'], hasTimeouts: true, hasCounters: true });
    await loadRules(
      run,
      `table inet blocklist {
         chain input { type filter hook input priority filter; policy accept; ip daddr @blocked drop; }
       }`,
    );
    await blocked.add([{ key: ['127.0.0.2'], timeoutMs: 3_600_000 }]);

    expect((await namespace.run(['ping', '-c1', '-W1', '127.0.0.1']))?.exitCode).to.equal(0);
    expect((await namespace.run(['ping', '-c1', '-W1', '127.0.0.2']))?.exitCode).to.equal(1);
    expect((await blocked.list())[0]?.counter?.packets).to.equal(1n);
    expect(await table.deleteSet('blocked').catch((error: unknown) => isNetlinkError(error, 'EBUSY'))).to.equal(true);
    expect(await table.delete()).to.equal(true);
    expect(await namespace.sh('nft list ruleset')).to.equal('');
  });

  it('finds what is there, says what differs, and what is not', async () => {
    await loadRules(
      run,
      `table inet blocklist {
         set a { type ipv4_addr . inet_service; timeout 5s; }
         map m { type ipv4_addr : verdict; }
         set odd { type ether_addr . ct_state; }
       }
       table inet other {
         set b { type mark; }
       }`,
    );

    expect(await table.sets()).to.deep.equal([
      { name: 'a', hasTimeouts: true, hasCounters: false, fields: ['ipv4', 'port'], timeoutMs: 5000 },
      { name: 'odd', hasTimeouts: false, hasCounters: false },
    ]);
    await table.ensureSet({ name: 'a', fields: ['ipv4', 'port'], timeoutMs: 5000 });
    for (const [name, text] of [
      ['a', 'set a: it exists as ipv4.port, time-outs of 5000 ms, wanted is ipv4: delete it first (SET_INVALID)'],
      ['m', 'set m: it exists as a map, wanted is ipv4: delete it first (SET_INVALID)'],
    ] as const) {
      const error: unknown = await table.ensureSet({ name, fields: ['ipv4'] }).catch((e: unknown) => e);
      expect((error as Error).message).to.equal(text);
    }
    expect(await table.deleteSet('nowhere')).to.equal(false);
    const none = createNfTable({ nfnetlink }, { family: 'ip', table: 'none' });
    expect([await none.sets(), await none.delete(), await none.deleteSet('a')]).to.deep.equal([[], false, false]);
    await none.ensure();
    expect(await none.delete()).to.equal(true);
  });

  it('hears of what others change in it, and of nothing else', async () => {
    const set = await table.ensureSet({ name: 'sources', fields: ['ipv4'], hasTimeouts: true });
    const tables = [{ family: 'inet', table: 'blocklist' } as const];
    await using watch = (await watchTables({ netns: namespace.netns, tables, own: nfnetlink }))!;
    const changed: string[] = [];
    watch.on('change', ({ table: name }) => changed.push(name));

    await set.add([{ key: ['192.0.2.1'], timeoutMs: 50 }]);
    await loadRules(
      (argv, input, onStart) => namespace.run(argv, input, onStart),
      'table inet blocklist {\n chain own { }\n}\ntable inet others {\n set sources { type ipv4_addr; }\n}',
      (pid) => watch.ignore(pid),
    );
    await namespace.sh('nft add element inet others sources "{ 192.0.2.9 }"');
    await until(async () => (await set.list()).length === 0, 'the element is gone', 20_000);
    expect(changed).to.deep.equal([]);
    await namespace.sh('nft add element inet blocklist sources "{ 192.0.2.9 }"');
    await until(() => changed.length > 0, 'the change was reported', 20_000);

    expect(new Set(changed)).to.deep.equal(new Set(['blocklist']));
    expect(watch.isDeaf).to.equal(false);
  });

  it('says what nft says of rules that cannot be', async () => {
    const error: unknown = await loadRules(run, 'table inet x { chain y { bogus } }').catch((e: unknown) => e);

    expect((error as Error).message).to.match(/^loading rules: nft exited with code 1: .*bogus/s);
  });
});

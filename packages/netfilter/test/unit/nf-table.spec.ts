import type { Nfnetlink } from '@routed/netns/nfnetlink';
import { expect } from 'chai';
import { createNfTable, isNetfilterError, type SetSpec, type TableReference } from '../../src/index.ts';

/** A kernel with one empty table, which must not be asked to change anything. */
const nfnetlink: Pick<Nfnetlink, 'dump' | 'transaction'> = {
  dump: () => Promise.resolve([]),
  transaction: () => Promise.resolve(),
};
const tableOf = (reference: Partial<TableReference> = {}): ReturnType<typeof createNfTable> =>
  createNfTable({ nfnetlink: nfnetlink as Nfnetlink }, { family: 'inet', table: 'mine', ...reference });

async function refusal(task: () => unknown): Promise<string> {
  try {
    await task();
  } catch (error) {
    if (isNetfilterError(error, 'SET_INVALID')) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('createNfTable', () => {
  it('refuses names and families that are none', async () => {
    expect(await refusal(() => tableOf({ table: '7up' }))).to.match(/^name of a table: "7up" is not 1 to 31/);
    expect(await refusal(() => tableOf({ family: 'ipv4' as 'ip' }))).to.equal(
      'family: "ipv4" is no family: expected inet, ip, arp, ip6 (SET_INVALID)',
    );
  });

  for (const [spec, reason] of [
    [{ name: 'a b' }, 'name of a set: "a b" is not 1 to 31'],
    [{ fields: [] }, 'set s: fields: 0, expected 1 to 5'],
    [{ fields: ['ip'] }, 'set s: fields: "ip" is none of ipv4, ipv6, link,'],
    [{ fields: ['ipv6', 'ipv6', 'ipv6', 'ipv6', 'port'] }, 'set s: fields: 68 bytes together, 64 fit'],
    [{ timeoutMs: 0 }, 'set s: timeoutMs: 0 is not a whole number from 1 to 31536000000'],
    [{ maxElements: -1 }, 'set s: maxElements: -1 is not a whole number from 1 to 4294967295'],
  ] as [Partial<SetSpec>, string][]) {
    it(`refuses a set with ${JSON.stringify(spec)}`, async () => {
      expect(await refusal(() => tableOf().ensureSet({ name: 's', fields: ['ipv4'], ...spec }))).to.contain(reason);
    });
  }

  it('refuses keys and time-outs that do not fit, with the set, before anything is sent', async () => {
    const plain = await tableOf().ensureSet({ name: 's', fields: ['ipv4'] });
    const timed = await tableOf().ensureSet({ name: 't', fields: ['ipv4'], hasTimeouts: true });

    expect(await refusal(() => plain.add([{ key: ['x'] }]))).to.match(/^set s: key \["x"\]: "x" is not an IPv4/);
    expect(await refusal(() => plain.delete([['x']]))).to.match(/^set s: key \["x"\]/);
    expect(await refusal(() => plain.add([{ key: ['192.0.2.1'], timeoutMs: 5 }]))).to.match(/has no time-outs/);
    expect(await refusal(() => timed.add([{ key: ['192.0.2.1'], timeoutMs: 0 }]))).to.match(/^set t: timeoutMs: 0 is/);
  });
});

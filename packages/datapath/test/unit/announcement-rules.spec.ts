import { fakeKernel } from '@routed/netns/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { announcementRules, applyAnnouncementRules, blockRules } from '../../src/index.ts';

const PREFIXES = ['10.1.0.0/16', '10.2.0.0/24', 'fd00:1::/64', 'fd00:2::/112'];

describe('applyAnnouncementRules', () => {
  it('leaves the rules of the last prefixes, whatever came before, and those of others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.subarray(PREFIXES), { minLength: 1, maxLength: 4 }), async (changes) => {
        const { rules } = fakeKernel();
        const foreign = { family: 4, destination: '10.1.0.0/16', priority: 100, table: 7200 } as const;
        await rules.add(foreign);

        for (const prefixes of changes) await applyAnnouncementRules(rules, announcementRules(prefixes));

        const destinations = (await rules.list({ protocol: 200 })).map(({ destination = '' }) => destination).sort();
        expect(destinations).to.deep.equal(
          changes
            .at(-1)!
            .flatMap((prefix) => [prefix, prefix, prefix])
            .sort(),
        );
        expect((await rules.list()).filter(({ priority }) => priority === 100)).to.have.length(1);
      }),
      { numRuns: 50 },
    );
  });

  it('leads to blocks as to prefixes with something unannounced, whatever the mark', async () => {
    const { rules } = fakeKernel();
    await applyAnnouncementRules(rules, [...announcementRules(['10.1.0.0/16']), ...blockRules(['10.1.7.64/26'])]);

    const here = (await rules.list({ protocol: 200 })).filter(({ table }) => table === 7200);

    expect(here.map(({ destination }) => destination).sort()).to.deep.equal(['10.1.0.0/16', '10.1.7.64/26']);
    expect(here.map(({ mark, priority }) => [mark, priority])).to.deep.equal([
      [undefined, 32_702],
      [undefined, 32_702],
    ]);
    await applyAnnouncementRules(rules, announcementRules([]));
    expect(await rules.list({ protocol: 200 })).to.deep.equal([]);
  });

  it('changes nothing when it is repeated', async () => {
    const { rules } = fakeKernel();
    const desired = announcementRules(PREFIXES);

    expect(await applyAnnouncementRules(rules, desired)).to.equal(12);
    expect(await applyAnnouncementRules(rules, desired)).to.equal(0);
  });
});

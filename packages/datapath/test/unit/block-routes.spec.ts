import { formatPrefix, parsePrefix } from '@routed/addresses';
import { fakeKernel } from '@routed/netns/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { BlockRoutes } from '../../src/index.ts';

const blocks = fc.oneof(
  fc.tuple(fc.nat(255), fc.integer({ min: 16, max: 30 })).map(([octet, length]) => `10.1.${octet}.0/${length}`),
  fc
    .tuple(fc.nat(0xffff), fc.integer({ min: 64, max: 126 }))
    .map(([group, length]) => `fd00:1:0:${group.toString(16)}::/${length}`),
);

describe('BlockRoutes', () => {
  it('covers each address of a block once with routes that are more specific, and finds it again by any of them', async () => {
    await fc.assert(
      fc.asyncProperty(
        blocks.map((text) => canonical(text)),
        fc.nat(2),
        async (block, lost) => {
          const { routes } = fakeKernel();
          const own = new BlockRoutes({ rtnl: { routes } });

          await own.add(block);
          await own.add(block);
          const present = await routes.list({ protocol: 201 });
          expect([...(await own.list())]).to.deep.equal([[block, true]]);
          const [low, high] = present
            .filter(({ type }) => type === 'throw')
            .map(({ destination }) => parsePrefix(destination)!);
          const whole = parsePrefix(block)!;
          expect([low?.first, high?.last]).to.deep.equal([whole.first, whole.last]);
          expect(high!.first - low!.last).to.equal(1n);

          const { destination, type } = present[lost]!;
          await routes.delete({ destination, type: type as 'throw' });
          expect([...(await own.list())]).to.deep.equal([[block, false]]);
          await own.delete(block);
          expect(await routes.list({ protocol: 201 })).to.deep.equal([]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('keeps what others have, and does not take it for a block', async () => {
    const { routes } = fakeKernel();
    const own = new BlockRoutes({ rtnl: { routes } });
    await routes.add({ destination: '10.1.0.0/26', type: 'blackhole', protocol: 4 });
    await own.add('10.1.0.64/26', 7);

    expect([...(await own.list()).keys()]).to.deep.equal(['10.1.0.64/26']);
    expect(await own.takenByOthers(4)).to.deep.equal(['10.1.0.0/26']);
    expect((await routes.list({ protocol: 201 })).find(({ type }) => type === 'blackhole')?.metric).to.equal(7);
    await own.delete('10.1.0.64/26');
    await own.delete('10.1.0.64/26');
    expect((await routes.list()).map(({ destination }) => destination)).to.include('10.1.0.0/26');
  });
});

function canonical(text: string): string {
  const { first, length, family } = parsePrefix(text)!;
  return formatPrefix({ first, last: first, length, family });
}

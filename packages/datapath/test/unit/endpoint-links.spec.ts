import { fakeKernel, type FakeKernel } from '@routed/netns/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { EndpointLinks } from '../../src/endpoint/endpoint-links.ts';
import { type DesiredEndpoint, planEndpoint } from '../../src/endpoint/endpoint-plan.ts';
import { LinkReaper } from '../../src/endpoint/link-reaper.ts';
import { DELETE_GROUP } from '../../src/names/kernel-names.ts';
import { LinkLimits } from '../../src/limits/link-limits.ts';
import { FakeTrafficControl } from './support/fake-traffic-control.ts';
import { planRepairs } from '../../src/endpoint/repair-plan.ts';

const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** An endpoint with these additional addresses, and host routes of this metric. */
function endpoint(additional: readonly string[], metric?: number): DesiredEndpoint {
  const family = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4);
  return planEndpoint(
    {
      id: 'c80b7eea65283f03',
      addresses: [
        { family: 4, address: '10.1.0.2', gateway: '169.254.1.1' },
        { family: 6, address: 'fd00::2', gateway: 'fe80::1' },
      ],
      additional: additional.map((address) => ({ family: family(address), address })),
      spoof: 'strict',
      mac: '02:42:0a:01:00:02',
      ...(metric === undefined ? {} : { metric }),
    },
    { mtuBytes: 1500 },
  );
}

function writer(): { readonly kernel: FakeKernel; readonly links: EndpointLinks } {
  const kernel = fakeKernel();
  const reaper = new LinkReaper({ rtnl: kernel, logger });
  const tc = new FakeTrafficControl(kernel);
  const limits = new LinkLimits({ rtnl: kernel, openTc: () => Promise.resolve(tc), reaper });
  return { kernel, links: new EndpointLinks({ rtnl: kernel, reaper, limits, logger }) };
}

/** What the host has, whatever the order in which it got it. */
function stateOf(kernel: FakeKernel): object {
  const { links, addresses, routes, neighbours } = kernel.inspect();
  const sorted = (items: readonly object[]): string[] => items.map((item) => JSON.stringify(item)).sort();
  return { links, addresses: sorted(addresses), routes: sorted(routes), neighbours: sorted(neighbours) };
}

async function madeAtOnce(desired: DesiredEndpoint): Promise<object> {
  const { kernel, links } = writer();
  await links.apply(desired);
  return stateOf(kernel);
}

describe('EndpointLinks', () => {
  const endpoints = fc
    .tuple(fc.subarray(['10.1.0.7', '10.1.0.8', 'fd00::7', 'fd00::8']), fc.constantFrom(undefined, 1, 100, 1024))
    .map(([additional, metric]) => endpoint(additional, metric));

  it('leads to what Join would have made, by live changes', async () => {
    await fc.assert(
      fc.asyncProperty(endpoints, endpoints, async (before, after) => {
        const { kernel, links } = writer();
        await links.apply(before);

        await links.apply(after, before);

        expect(stateOf(kernel)).to.deep.equal(await madeAtOnce(after));
      }),
      { numRuns: 50 },
    );
  });

  it('leads to it by repairs, too, whatever the endpoint had', async () => {
    await fc.assert(
      fc.asyncProperty(endpoints, endpoints, async (before, desired) => {
        const { kernel, links } = writer();
        await links.apply(before);

        for (const repair of planRepairs([desired], await links.read()))
          if (repair.kind === 'change-endpoint') await links.repair(repair, desired);

        expect(stateOf(kernel)).to.deep.equal(await madeAtOnce(desired));
      }),
      { numRuns: 50 },
    );
  });

  it('leaves things as they were when one of several changes fails', async () => {
    const { kernel, links } = writer();
    const before = endpoint(['10.1.0.7']);
    await links.apply(before);
    const state = stateOf(kernel);
    kernel.failNext('route.replace', 'ENOBUFS');

    const failure = await links.apply(endpoint(['10.1.0.8', '10.1.0.9']), before).catch((error: unknown) => error);

    expect(String(failure)).to.contain('ENOBUFS');
    expect(stateOf(kernel)).to.deep.equal(state);
  });

  it('makes no change of a repair that is not wanted any more', async () => {
    const { kernel, links } = writer();
    const [before, after] = [endpoint(['10.1.0.7']), endpoint([])];
    await links.apply(before);
    await kernel.routes.delete({ destination: '10.1.0.7/32' });
    const [repair] = planRepairs([before], await links.read());
    if (repair?.kind !== 'change-endpoint') throw new Error('no repair');
    await links.apply(after, before);

    expect(await links.repair(repair, after)).to.deep.equal([]);

    expect(stateOf(kernel)).to.deep.equal(await madeAtOnce(after));
  });
});

describe('a pair of links that is made before Join', () => {
  const desired = endpoint(['10.1.0.7']);
  const hostLinks = (kernel: FakeKernel): string[] =>
    kernel
      .inspect()
      .links.map(({ name }) => name)
      .filter((name) => name.startsWith('vethr'));
  const created = (kernel: FakeKernel): number =>
    kernel.calls.filter(({ operation }) => operation === 'link.create').length;

  it('is what Join finishes, and leads nowhere before', async () => {
    const { kernel, links } = writer();
    links.begin(desired);
    links.begin(desired);
    expect(kernel.inspect().routes).to.deep.equal([]);

    await links.apply(desired);

    expect(created(kernel)).to.equal(1);
    expect(stateOf(kernel)).to.deep.equal(await madeAtOnce(desired));
  });

  it('is made anew when Join wants another, when somebody deleted it, and when it could not be made', async () => {
    const disturb: readonly ((kernel: FakeKernel, links: EndpointLinks) => Promise<void> | void)[] = [
      (_kernel, links) => {
        links.begin({ ...desired, veth: { ...desired.veth, mtuBytes: 1400 } });
      },
      async (kernel, links) => {
        links.begin(desired);
        await new Promise((resolve) => setImmediate(resolve));
        await kernel.links.delete({ name: desired.veth.name });
      },
      (kernel, links) => {
        kernel.failNext('link.create', 'ENOBUFS');
        links.begin(desired);
      },
    ];
    for (const [which, disturbed] of disturb.entries()) {
      const { kernel, links } = writer();
      await disturbed(kernel, links);

      await links.apply(desired);

      const { links: found } = kernel.inspect();
      expect(
        found.find(({ name }) => name === desired.veth.name),
        `case ${which}`,
      ).to.include({ mtuBytes: 1500, isUp: true });
      const destinations = kernel.inspect().routes.map(({ destination }) => destination);
      expect(destinations, `case ${which}`).to.include.members(['10.1.0.2/32', '10.1.0.7/32', 'fd00::2/128']);
    }
  });

  it('goes when it is given up, and not before, although no endpoint has it', async () => {
    const { kernel, links } = writer();
    links.begin(desired);
    const repairs = planRepairs([], await links.read());
    expect(repairs).to.have.lengthOf(1);
    for (const repair of repairs)
      if (repair.kind === 'delete-link') expect(await links.deleteAbandoned(repair)).to.equal(false);
    expect(hostLinks(kernel)).to.have.lengthOf(1);

    await links.giveUp(desired.id);

    const [link] = kernel.inspect().links.filter(({ name }) => name === desired.veth.name);
    expect(link).to.include({ isUp: false, group: DELETE_GROUP });
  });

  it('is nothing to give up once Join has finished it', async () => {
    const { kernel, links } = writer();
    links.begin(desired);
    await links.apply(desired);

    await links.giveUp(desired.id);

    expect(stateOf(kernel)).to.deep.equal(await madeAtOnce(desired));
  });
});

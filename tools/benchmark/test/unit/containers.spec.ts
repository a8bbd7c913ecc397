import { expect } from 'chai';
import fc from 'fast-check';
import { containerRoutes } from '../../src/scale/containers.ts';

const prefixOf = (route: string): string => /^(?:blackhole )?(\S+)/.exec(route)![1]!;

describe('containerRoutes', () => {
  it('announces each address, or the blocks that hold them', () => {
    expect(containerRoutes(1, 65, 'host routes').announced.slice(0, 2)).to.deep.equal([
      '10.128.0.128/32 dev containers scope link proto 200',
      '10.128.0.129/32 dev containers scope link proto 200',
    ]);
    expect(containerRoutes(1, 65, 'blocks').announced).to.deep.equal([
      'blackhole 10.128.0.128/26 proto 201',
      'blackhole 10.128.0.192/26 proto 201',
    ]);
  });

  it('keeps the addresses of a block in a table of their own', () => {
    const { local } = containerRoutes(0, 3, 'blocks');

    expect(local).to.have.lengthOf(3);
    expect(local.every((route) => route.endsWith(' table 7200'))).to.equal(true);
  });

  it('gives no prefix to two hosts', () => {
    const size = fc.integer({ min: 1, max: 300 });
    const form = fc.constantFrom('host routes' as const, 'blocks' as const);
    fc.assert(
      fc.property(size, form, fc.integer({ min: 2, max: 8 }), (containers, announced, hosts) => {
        const prefixes = Array.from({ length: hosts }, (_, host) => containerRoutes(host, containers, announced))
          .flatMap((routes) => routes.announced)
          .map(prefixOf);

        expect(new Set(prefixes).size).to.equal(prefixes.length);
      }),
    );
  });

  it('refuses more than its prefix has', () => {
    expect(() => containerRoutes(140_000, 64, 'host routes')).to.throw(RangeError, 'has no address number');
  });
});

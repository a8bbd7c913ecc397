import { expect } from 'chai';
import { tryOnFrr } from '../../src/check/check.ts';
import { render } from '../../src/render/render.ts';
import { type ConfigTree, mergeTrees, parseConfig } from '../../src/text/parse.ts';
import { goldenModel, goldenNames } from '../support/golden.ts';
import { frrVersion, hasKeyChains, needsKeyChains } from '../support/release.ts';
import { requireFrr } from '../support/router.ts';

/** bgpd of FRR 10.7 says it by itself in the profile `datacenter`. */
const BY_ITSELF = 'use-underlays-nexthop-weight';

/** Contexts with their lines in a fixed order: the daemons group and sort lines as they like. */
function sections(tree: ConfigTree): Record<string, string[]> {
  return Object.fromEntries(
    [...tree].sort().map(([key, { lines }]) => [key, lines.filter((line) => line !== BY_ITSELF).sort()]),
  );
}

describe('golden files on real FRR daemons', function () {
  this.timeout(20_000);
  before(requireFrr);

  for (const name of goldenNames()) {
    const config = render(goldenModel(name, 'frr'), 'frr');
    if (needsKeyChains(name) && !hasKeyChains())
      it(`${name} is refused by a release that is too old, which the message names`, async () => {
        const error: unknown = await tryOnFrr(config).catch((reason: unknown) => reason);

        expect(String(error)).to.include(`HMAC-SHA-256 needs FRR 10; this is FRR ${frrVersion()}`);
        expect(String(error)).not.to.include('456').and.not.to.include('key-string');
      });
    else
      it(`${name} loads without a warning and comes back unchanged`, async () => {
        const running = await tryOnFrr(config);

        const text = config.files.find((file) => file.name === 'frr.conf')!.text;
        expect(sections(mergeTrees(running.values()))).to.deep.equal(sections(parseConfig(text)));
      });
  }
});

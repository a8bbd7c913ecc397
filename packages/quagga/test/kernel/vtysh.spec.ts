import { expect } from 'chai';
import fc from 'fast-check';
import { checkSyntax, tryOnFrr } from '../../src/check/check.ts';
import { isQuaggaError } from '../../src/errors.ts';
import { render } from '../../src/render/render.ts';
import type { RouterModel } from '../../src/model/router.ts';
import { anyModel } from '../support/arbitrary/model.ts';
import { hasKeyChains } from '../support/release.ts';
import { requireFrr } from '../support/router.ts';

const usesKeyChain = ({ interfaces }: RouterModel): boolean =>
  Object.values(interfaces ?? {}).some(({ ospf }) => ospf?.authentication?.type === 'hmac-sha-256');

describe('any valid model', function () {
  this.timeout(300_000);
  before(requireFrr);
  const models = hasKeyChains() ? anyModel : anyModel.filter((model) => !usesKeyChain(model));

  it('renders to a file that FRR’s parser accepts (100 models)', async () => {
    const batch = fc.array(models, { minLength: 10, maxLength: 10 });

    await fc.assert(
      fc.asyncProperty(batch, async (all) => {
        const texts = all.map((model) => render(model, 'frr').files.find((file) => file.name === 'frr.conf')!.text);
        await checkSyntax(texts.join(''));
      }),
      { numRuns: 10 },
    );
  });

  it('renders to a file that the daemons themselves load without a word (50 models)', async () => {
    await fc.assert(
      fc.asyncProperty(models, async (model) => {
        await tryOnFrr(render(model, 'frr'));
      }),
      { numRuns: 50 },
    );
  });

  it('is told from a file with a line that FRR does not know', async () => {
    const error = await checkSyntax(
      'router ospf\n redistribute kernal\n ip ospf authentication-key s3cret\nexit\n',
    ).catch((reason: unknown) => reason);

    expect(isQuaggaError(error, 'CHECKER_REFUSED')).to.equal(true);
    expect(String(error)).to.include('redistribute kernal').and.not.include('s3cret');
  });
});

import { parseDocument, render } from '@routed/quagga';
import { expect } from 'chai';
import { parse } from 'yaml';
import { codeBlocks } from '../../markdown.ts';

const PAGE = 'docs/routing-designs.md';

/** The lines that are shown and that `rendered` does not have, in this order. */
function missing(rendered: string, shown: string): string[] {
  const lines = rendered.split('\n');
  let from = 0;
  return shown
    .split('\n')
    .filter((line) => line !== '')
    .filter((line) => {
      const at = lines.indexOf(line, from);
      if (at >= 0) from = at + 1;
      return at < 0;
    });
}

describe(PAGE, () => {
  const blocks = codeBlocks(PAGE);
  const models = blocks.filter(({ language }) => language === 'yaml');

  it('has a model for each design', () => {
    expect(models).to.have.length.greaterThan(7);
  });

  for (const model of models) {
    it(`renders the model of line ${model.line} to the lines that are shown`, () => {
      const shown = blocks[blocks.indexOf(model) + 1];

      const document = parseDocument(parse(model.text), 'frr');
      const file = render(document.model, 'frr').files.find(({ name }) => name === 'frr.conf');

      const warnings = document.warnings.filter(
        ({ message }) => !message.startsWith('point-to-point works with exactly'),
      );
      expect(warnings).to.deep.equal([]);
      expect(shown?.language).to.equal('frr');
      expect(missing(file?.text ?? '', shown?.text ?? '')).to.deep.equal([]);
    });
  }
});

import { expect } from 'chai';
import { allPages, readPage } from '../../markdown.ts';
import { drawPictures } from '../../pictures.ts';

const pictures = await drawPictures();

describe('the pictures of the pages', () => {
  it('are there', () => {
    expect(pictures).to.not.be.empty;
  });

  for (const { file, svg } of pictures) {
    it(`are what their text says, else "npm run docs:pictures" draws them: ${file}`, () => {
      expect(readPage(file)).to.equal(svg);
    });

    it(`are on a page, with words for those who cannot see them: ${file}`, () => {
      const name = file.replace('docs/', '');
      expect(allPages().some((page) => new RegExp(`!\\[[^\\]]{40,}\\]\\(${name}\\)`).test(readPage(page)))).to.equal(
        true,
      );
    });
  }
});

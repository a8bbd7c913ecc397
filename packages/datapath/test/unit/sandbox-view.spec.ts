import { expect } from 'chai';
import { hasSandbox } from '../../src/sandbox/sandbox-view.ts';

describe('hasSandbox', () => {
  it('sees a namespace', () => {
    expect(hasSandbox('/proc/self/ns/net')).to.equal(true);
  });

  it('sees none in an ordinary file, which is what a mount that does not propagate leaves, nor where nothing is', () => {
    expect(hasSandbox(import.meta.filename)).to.equal(false);
    expect(hasSandbox(`${import.meta.filename}.none`)).to.equal(false);
  });
});

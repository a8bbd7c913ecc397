import { expect } from 'chai';
import { errorReply, isMethodName, isProtocolError, METHODS, OPTION_LABELS, ProtocolError } from '../../src/index.ts';

describe('isMethodName', () => {
  for (const name of Object.keys(METHODS)) {
    it(`knows ${name}`, () => {
      expect(isMethodName(name)).to.equal(true);
    });
  }

  for (const name of [
    '',
    'NetworkDriver.Unknown',
    'networkdriver.join',
    '/NetworkDriver.Join',
    'constructor',
    '__proto__',
  ]) {
    it(`does not know "${name}"`, () => {
      expect(isMethodName(name)).to.equal(false);
    });
  }
});

describe('errorReply', () => {
  it('puts the text where network drivers and where IPAM drivers have it', () => {
    expect(errorReply('no route')).to.deep.equal({ Err: 'no route', Error: 'no route' });
  });
});

describe('isProtocolError', () => {
  it('knows an error made by another copy of the package', async () => {
    const copy = (await import(new URL('../../src/protocol-error.ts?copy', import.meta.url).href)) as {
      ProtocolError: typeof ProtocolError;
    };

    const error = new copy.ProtocolError('EMPTY_BODY', 'x');

    expect(error).not.to.be.instanceOf(ProtocolError);
    expect(isProtocolError(error)).to.equal(true);
  });

  for (const other of [new Error('x'), ['EMPTY_BODY'], null, undefined, 'EMPTY_BODY']) {
    it(`does not take ${String(other)} for one`, () => {
      expect(isProtocolError(other)).to.equal(false);
    });
  }
});

describe('OPTION_LABELS', () => {
  it('has no label twice', () => {
    const labels = Object.values(OPTION_LABELS);

    expect(new Set(labels)).to.have.lengthOf(labels.length);
  });
});

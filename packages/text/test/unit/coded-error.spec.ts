import { expect } from 'chai';
import { CodedError, guardFor } from '../../src/index.ts';

type Code = 'LOST' | 'BROKEN';

/** What each copy of a package has: a class of its own with the same mark. */
function copyOfPackage() {
  class ThingError extends CodedError<Code> {
    static override readonly mark = Symbol.for('@routed/text/test/ThingError');
    override readonly name = 'ThingError';
  }
  return { ThingError, isThingError: guardFor(ThingError) };
}

class OtherError extends CodedError<Code> {
  static override readonly mark = Symbol.for('@routed/text/test/OtherError');
  override readonly name = 'OtherError';
}

describe('CodedError', () => {
  const { ThingError, isThingError } = copyOfPackage();
  const error = new ThingError('LOST', 'thing 7 is lost', { cause: 'a hole' });

  it('is an error with its code, name, message and cause, and shows no mark', () => {
    expect(error).to.be.instanceOf(Error);
    expect(error).to.include({ code: 'LOST', name: 'ThingError', message: 'thing 7 is lost', cause: 'a hole' });
    expect(
      Object.getOwnPropertySymbols(error).filter((key) => Object.prototype.propertyIsEnumerable.call(error, key)),
    ).to.deep.equal([]);
  });

  it('is recognised with any code, or with one of those given', () => {
    expect(isThingError(error)).to.equal(true);
    expect(isThingError(error, 'BROKEN', 'LOST')).to.equal(true);
    expect(isThingError(error, 'BROKEN')).to.equal(false);
  });

  it('is recognised by another copy of the package', () => {
    expect(error).not.to.be.instanceOf(copyOfPackage().ThingError);
    expect(copyOfPackage().isThingError(error, 'LOST')).to.equal(true);
  });

  it('is no error of another class, and nothing that only looks like one', () => {
    const others = [
      new OtherError('LOST', 'x'),
      Object.assign(new Error('x'), { code: 'LOST' }),
      'LOST',
      null,
      undefined,
    ];

    expect(others.map((other) => isThingError(other))).to.deep.equal(Array(5).fill(false));
  });
});

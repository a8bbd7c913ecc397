import sinon from 'sinon';

/** This process's `performance.now()`: the real one, until a test sets it. */
export class SetClock {
  readonly #now: sinon.SinonStub<[], number>;

  constructor() {
    const realNow = performance.now.bind(performance);
    this.#now = sinon.stub(performance, 'now').callsFake(realNow);
  }

  /** From now on it stands still, so much after the real one. */
  later(ms: number): void {
    const start = this.#now.wrappedMethod.call(performance);
    this.#now.callsFake(() => start + ms);
  }

  restore(): void {
    this.#now.restore();
  }
}

import { closeSync, openSync, readdirSync } from 'node:fs';

import { expect } from 'chai';
import sinon from 'sinon';

import { isNetnsError } from '../../../src/errors.ts';
import { inNetns, inNewNetns, openOwnNetns } from '../../../src/netns/in-netns.ts';
import { ScriptedSys } from '../../support/scripted-sys.ts';

const EPERM = 1;

describe('inNetns', () => {
  let target: number;
  let sys: ScriptedSys;
  let setns: sinon.SinonStub;

  beforeEach(() => {
    // Any file will do where the system calls are scripted, as long as it is not the own namespace.
    target = openSync('/dev/null', 'r');
    sys = new ScriptedSys();
    setns = sinon.stub(sys, 'setns').returns(0);
  });

  afterEach(() => {
    closeSync(target);
    sinon.restore();
  });

  it('enters, runs the step and comes back', () => {
    const step = sinon.stub().returns(42);

    expect(inNetns<number>(sys, target, step)).to.equal(42);

    expect(setns.callCount).to.equal(2);
    expect(setns.firstCall.args[0]).to.equal(target);
    expect(setns.secondCall.args[0]).not.to.equal(target);
    expect(step.calledAfter(setns)).to.equal(true);
  });

  it('comes back when the step throws, and closes what it opened', () => {
    const count = readdirSync('/proc/self/fd').length;
    const step = (): number => {
      throw new RangeError('step');
    };

    expect(() => inNetns<number>(sys, target, step)).to.throw(RangeError);

    expect(setns.callCount).to.equal(2);
    expect(readdirSync('/proc/self/fd').length).to.equal(count);
  });

  it('ends the process when there is no way back', () => {
    const abort = sinon.stub(process, 'abort');
    setns.onSecondCall().returns(-EPERM);

    inNetns<number>(sys, target, () => 42);

    expect(abort.callCount).to.equal(1);
  });

  it('stays where it is already', () => {
    const own = openOwnNetns();

    expect(inNetns<number>(sys, own, () => 42)).to.equal(42);
    closeSync(own);

    expect(setns.callCount).to.equal(0);
  });

  it('says why it cannot enter, and does not run the step', () => {
    const step = sinon.stub();
    const codes = [1, 22, 3, 24].map((errno) => {
      setns.returns(-errno);
      try {
        inNetns<number>(sys, target, step);
        return undefined;
      } catch (error) {
        return isNetnsError(error) ? error.code : undefined;
      }
    });

    expect(codes).to.deep.equal(['NOT_PERMITTED', 'NOT_A_NAMESPACE', 'NOT_FOUND', 'FAILED']);
    expect(step.callCount).to.equal(0);
  });

  it('comes back from a new namespace, too', () => {
    const unshare = sinon.stub(sys, 'unshare').returns(0);

    inNewNetns<number>(sys, () => 42);

    expect(unshare.callCount).to.equal(1);
    expect(setns.callCount).to.equal(1);
  });
});

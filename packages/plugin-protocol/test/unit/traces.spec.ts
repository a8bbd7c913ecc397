import { expect } from 'chai';
import { readReply } from '../../src/client/read-reply.ts';
import { isPluginCallError, type MethodName, parseRequest } from '../../src/index.ts';
import { readTraces, type TracedCall } from '../support/traces.ts';

const reportsError = (call: TracedCall): boolean => /"Err(?:or)?":/.test(call.reply);

function callsByMethod(): ReadonlyMap<MethodName, readonly TracedCall[]> {
  return readTraces().reduce(
    (calls, call) => calls.set(call.method, [...(calls.get(call.method) ?? []), call]),
    new Map<MethodName, readonly TracedCall[]>(),
  );
}

/** What Docker left out as null is filled in; everything else must come through as it was. */
function withoutNulls(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => value ?? {});
}

describe('captured traffic of Docker 20.10.24', () => {
  it('has all its calls read', () => {
    expect(readTraces()).to.have.lengthOf(276);
  });

  for (const [method, calls] of callsByMethod()) {
    describe(method, () => {
      it(`parses all ${calls.length} requests without losing a field`, () => {
        for (const { request } of calls) {
          const parsed: unknown = parseRequest(method, Buffer.from(request && `${request}\n`));

          expect(parsed).to.containSubset(withoutNulls(request || '{}'));
        }
      });

      it('accepts the replies that Docker accepted', () => {
        for (const { reply } of calls.filter((call) => !reportsError(call))) {
          expect(readReply(method, 200, reply)).to.deep.equal(JSON.parse(reply));
        }
      });

      for (const { reply } of calls.filter(reportsError)) {
        it(`sees the error in ${reply}`, () => {
          expect(() => readReply(method, 200, reply))
            .to.throw()
            .that.satisfies(isPluginCallError);
        });
      }
    });
  }
});

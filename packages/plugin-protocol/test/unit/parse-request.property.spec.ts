import { expect } from 'chai';
import fc from 'fast-check';
import { isProtocolError, METHODS, type MethodName, parseRequest } from '../../src/index.ts';

const methodName = fc.constantFrom(...(Object.keys(METHODS) as MethodName[]));

/** Objects that use the protocol's names, so that the search gets past the first missing field. */
const likelyRequest = fc.dictionary(
  fc.constantFrom(
    ...['NetworkID', 'EndpointID', 'SandboxKey', 'PoolID', 'Pool', 'Address', 'V6', 'Options', 'IPv4Data', 'Interface'],
    ...['DiscoveryType', 'DiscoveryData', '__proto__', 'constructor', 'toString'],
  ),
  fc.oneof(
    fc.string(),
    fc.json().map((text) => JSON.parse(text) as unknown),
    fc.array(fc.dictionary(fc.string(), fc.string())),
  ),
);

function parsesOrRefuses(method: MethodName, body: Uint8Array | string): void {
  try {
    parseRequest(method, body);
  } catch (error) {
    expect(error).to.satisfy(isProtocolError);
    expect((error as Error).message).not.to.match(/[\r\n]/);
  }
}

describe('parseRequest, whatever comes', () => {
  it('throws nothing but a one-line ProtocolError for any JSON', () => {
    fc.assert(fc.property(methodName, fc.json(), parsesOrRefuses), { numRuns: 1000 });
  });

  it('throws nothing but a one-line ProtocolError for objects with known names', () => {
    fc.assert(
      fc.property(methodName, likelyRequest, (method, request) => parsesOrRefuses(method, JSON.stringify(request))),
      { numRuns: 2000 },
    );
  });

  it('throws nothing but a one-line ProtocolError for any bytes', () => {
    fc.assert(fc.property(methodName, fc.uint8Array(), parsesOrRefuses), { numRuns: 1000 });
  });

  it('throws nothing but a one-line ProtocolError for any text', () => {
    fc.assert(fc.property(methodName, fc.string({ unit: 'binary' }), parsesOrRefuses), { numRuns: 1000 });
  });

  it('reads what it returned as the same request again', () => {
    const accepted = fc.record({
      PoolID: fc.string({ minLength: 1 }),
      // Refused as a name, whatever else is there.
      Options: fc.dictionary(
        fc.string().filter((name) => name !== '__proto__'),
        fc.string(),
      ),
    });

    fc.assert(
      fc.property(accepted, (request) => {
        const once = parseRequest('IpamDriver.RequestAddress', JSON.stringify(request));

        expect(parseRequest('IpamDriver.RequestAddress', JSON.stringify(once))).to.deep.equal(once);
      }),
    );
  });
});

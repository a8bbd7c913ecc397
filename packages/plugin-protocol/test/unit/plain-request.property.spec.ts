import { expect } from 'chai';
import fc from 'fast-check';
import { METHODS, type MethodName, parseRequest } from '../../src/index.ts';
import { isPlainRequest } from '../../src/plain-request.ts';

const METHODS_OF_CONTAINERS: readonly MethodName[] = [
  'IpamDriver.RequestAddress',
  'IpamDriver.ReleaseAddress',
  'NetworkDriver.CreateEndpoint',
  'NetworkDriver.Join',
  'NetworkDriver.EndpointOperInfo',
  'NetworkDriver.Leave',
  'NetworkDriver.DeleteEndpoint',
];

/** As Docker sends them, or nearly: any field may be absent, or be something else. */
const address = fc.constantFrom(
  '',
  '10.1.0.5',
  '10.1.0.5/32',
  'fd00::5',
  'fd00::5/128',
  'fe80::1%eth0',
  '10.1.0.5/033',
  'x',
);
const map = fc.oneof(
  fc.dictionary(
    fc.string().filter((name) => name !== '__proto__'),
    fc.oneof(fc.string(), fc.jsonValue()),
  ),
  fc.dictionary(fc.constantFrom('constructor', 'toString', 'a'), fc.string()),
);
const anything = fc.oneof(fc.jsonValue(), fc.constant(undefined));
const field = <T>(usual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: anything });
const request = fc.record(
  {
    NetworkID: field(fc.string()),
    EndpointID: field(fc.string()),
    PoolID: field(fc.string()),
    SandboxKey: field(fc.string()),
    Address: field(address),
    Options: field(map),
    Interface: field(
      fc.record({ Address: field(address), AddressIPv6: field(address), MacAddress: field(fc.string()) }),
    ),
    Unknown: anything,
  },
  { requiredKeys: [] },
);

/** As it comes from the wire; undefined: there is something in it that is refused whatever the call. */
function asParsed(value: unknown): object | undefined {
  const text = JSON.stringify(value);
  return text.includes('__proto__') ? undefined : (JSON.parse(text) as object);
}

describe('isPlainRequest', () => {
  it('takes only what its schema returns as it is', () => {
    let plain = 0;
    fc.assert(
      fc.property(fc.constantFrom(...METHODS_OF_CONTAINERS), request, (method, wanted) => {
        const value = asParsed(wanted);
        if (value === undefined || !isPlainRequest(method, value)) return;
        plain += 1;
        expect(METHODS[method].request.parse(value)).to.deep.equal(value);
      }),
      { numRuns: 3000 },
    );
    expect(plain).to.be.greaterThan(300);
  });

  it('takes what Docker sends', () => {
    const ids = { NetworkID: 'n', EndpointID: 'e' };
    const requests: Partial<Record<MethodName, object>> = {
      'IpamDriver.RequestAddress': { PoolID: 'p', Address: '', Options: {} },
      'IpamDriver.ReleaseAddress': { PoolID: 'p', Address: '10.1.0.5' },
      'NetworkDriver.CreateEndpoint': {
        ...ids,
        Interface: { Address: '10.1.0.5/32', AddressIPv6: '', MacAddress: '' },
        Options: { 'com.docker.network.endpoint.exposedports': [] },
      },
      'NetworkDriver.Join': { ...ids, SandboxKey: '/var/run/docker/netns/1', Options: {} },
      'NetworkDriver.EndpointOperInfo': ids,
      'NetworkDriver.Leave': ids,
      'NetworkDriver.DeleteEndpoint': ids,
    };
    for (const method of METHODS_OF_CONTAINERS) {
      expect(isPlainRequest(method, requests[method]!), method).to.equal(true);
      expect(parseRequest(method, JSON.stringify(requests[method]))).to.deep.equal(requests[method]);
    }
  });

  it('leaves other calls to their schemas', () => {
    expect(isPlainRequest('NetworkDriver.CreateNetwork', { NetworkID: 'n' })).to.equal(false);
  });
});

import { expect } from 'chai';
import { isProtocolError, METHODS, type MethodName, parseRequest, type ProtocolError } from '../../src/index.ts';
import { tracedRequest } from '../support/traces.ts';

const methods = Object.keys(METHODS) as MethodName[];
const withBody = methods.filter((method) => METHODS[method].takesBody);
const withoutBody = methods.filter((method) => !METHODS[method].takesBody);

function refusal(method: MethodName, body: Uint8Array | string): ProtocolError {
  try {
    parseRequest(method, body);
  } catch (error) {
    if (isProtocolError(error)) return error;
    throw error;
  }
  throw new Error(`${method} accepted ${String(body)}`);
}

describe('parseRequest', () => {
  describe('an empty body', () => {
    for (const method of withBody) {
      it(`is refused for ${method} with advice to retry`, () => {
        const error = refusal(method, new Uint8Array());

        expect(error).to.include({ code: 'EMPTY_BODY', status: 400 });
        expect(error.message).to.equal('empty request body (connection was lost; retry the command)');
      });
    }

    for (const method of withoutBody) {
      it(`is what ${method} expects`, () => {
        expect(parseRequest(method, new Uint8Array())).to.deep.equal({});
      });
    }

    it('may be a lone newline', () => {
      expect(refusal('NetworkDriver.Leave', '\n').code).to.equal('EMPTY_BODY');
    });
  });

  describe('a body that is no JSON object', () => {
    const cases = [
      ['null', 'null'],
      ['[]', 'an array'],
      ['"x"', 'a string'],
      ['1', 'a number'],
      ['true', 'a boolean'],
    ] as const;
    for (const [body, kind] of cases) {
      it(`is refused as ${kind}`, () => {
        const error = refusal('NetworkDriver.Join', body);

        expect(error.code).to.equal('NOT_AN_OBJECT');
        expect(error.message).to.equal(`NetworkDriver.Join: request body must be a JSON object, got ${kind}`);
      });
    }

    it('is refused also where no arguments are expected', () => {
      expect(refusal('Plugin.Activate', '[]').code).to.equal('NOT_AN_OBJECT');
    });

    it('is refused as malformed when it is cut off', () => {
      expect(refusal('NetworkDriver.Join', '{"NetworkID":"a"')).to.include({
        code: 'MALFORMED_JSON',
        message: 'NetworkDriver.Join: request body is not valid JSON',
      });
    });

    it('is refused as malformed when it is not UTF-8', () => {
      expect(refusal('NetworkDriver.Join', Uint8Array.of(0x22, 0xff, 0x22))).to.include({
        code: 'MALFORMED_JSON',
        message: 'NetworkDriver.Join: request body is not valid UTF-8',
      });
    });
  });

  describe('what Docker may omit', () => {
    it('reads as empty in CreateNetwork', () => {
      expect(
        parseRequest('NetworkDriver.CreateNetwork', '{"NetworkID":"n","Options":null,"IPv6Data":null}'),
      ).to.deep.equal({ NetworkID: 'n', Options: {}, IPv4Data: [], IPv6Data: [] });
    });

    it('reads as empty in a pool without gateway and auxiliary addresses', () => {
      const { IPv4Data } = parseRequest(
        'NetworkDriver.CreateNetwork',
        '{"NetworkID":"n","IPv4Data":[{"Pool":"10.1.0.0/16"}]}',
      );

      expect(IPv4Data).to.deep.equal([{ AddressSpace: '', Pool: '10.1.0.0/16', Gateway: '', AuxAddresses: {} }]);
    });

    for (const given of ['', ',"Interface":null', ',"Interface":{}']) {
      it(`reads as empty in CreateEndpoint with ${given || 'no interface'}`, () => {
        const request = parseRequest('NetworkDriver.CreateEndpoint', `{"NetworkID":"n","EndpointID":"e"${given}}`);

        expect(request.Interface).to.deep.equal({ Address: '', AddressIPv6: '', MacAddress: '' });
        expect(request.Options).to.deep.equal({});
      });
    }

    it('reads as empty in RequestPool', () => {
      expect(parseRequest('IpamDriver.RequestPool', '{}')).to.deep.equal({
        AddressSpace: '',
        Pool: '',
        SubPool: '',
        Options: {},
        V6: false,
      });
    });

    it('does not become shared between requests', () => {
      const body = '{"NetworkID":"n","EndpointID":"e"}';
      const first = parseRequest('NetworkDriver.CreateEndpoint', body);

      first.Interface.Address = '10.0.0.1/32';
      first.Options['k'] = 'v';

      const second = parseRequest('NetworkDriver.CreateEndpoint', body);
      expect(second.Interface.Address).to.equal('');
      expect(second.Options).to.deep.equal({});
    });
  });

  describe('fields of a newer Docker', () => {
    it('pass through at every level', () => {
      const request = parseRequest(
        'NetworkDriver.CreateNetwork',
        '{"NetworkID":"n","New":1,"IPv4Data":[{"Later":[null]}],"Options":{"x":{"y":null}}}',
      );

      expect(request).to.deep.include({ New: 1, Options: { x: { y: null } } });
      expect(request.IPv4Data[0]).to.deep.include({ Later: [null] });
    });
  });

  describe('hostile bodies', () => {
    for (const body of [
      '{"PoolID":"p","__proto__":{"Address":"10.0.0.1"}}',
      '{"PoolID":"p","Options":{"__proto__":"x"}}',
      '{"PoolID":"p","Options":{"com.docker.network.generic":{"__proto__":"x"}}}',
      '{"PoolID":"p","Options":{"deep":[[{"\\u005f_proto__":1}]]}}',
    ]) {
      it(`are refused, not read without it, for a key that means a prototype: ${body}`, () => {
        const error = refusal('IpamDriver.RequestAddress', body);

        expect(error).to.include({ code: 'INVALID_FIELD', path: '__proto__' });
        expect(error.message).to.contain('no field and no option can be named "__proto__"');
        expect(refusal('IpamDriver.RequestAddress', Buffer.from(body)).message).to.equal(error.message);
      });
    }

    it('set no prototype through constructor', () => {
      const request = parseRequest('IpamDriver.RequestAddress', '{"PoolID":"p","constructor":{"prototype":{"x":1}}}');

      expect(Object.getPrototypeOf(request)).to.equal(Object.prototype);
      expect(({} as Record<string, unknown>)['x']).to.equal(undefined);
    });

    it('may have the text of such a key in a value', () => {
      const request = parseRequest('IpamDriver.RequestAddress', '{"PoolID":"p","Options":{"a":"__proto__"}}');

      expect(request.Options).to.deep.equal({ a: '__proto__' });
    });

    it('may nest deeply in a free map', () => {
      const depth = 100_000;
      const body = `{"NetworkID":"n","Options":{"deep":${'['.repeat(depth)}${']'.repeat(depth)}}}`;

      expect(parseRequest('NetworkDriver.CreateNetwork', body).NetworkID).to.equal('n');
    });

    it('may nest deeply in a typed field', () => {
      const depth = 100_000;
      const error = refusal('NetworkDriver.DeleteNetwork', `{"NetworkID":${'['.repeat(depth)}${']'.repeat(depth)}}`);

      expect(error.path).to.equal('NetworkID');
    });

    it('cannot stretch the message or break its line', () => {
      const error = refusal('IpamDriver.RequestPool', JSON.stringify({ Options: { [`a\n${'b'.repeat(5000)}`]: 1 } }));

      expect(error.message).to.have.lengthOf.below(300).and.not.include('\n');
    });
  });

  describe('addresses', () => {
    const accepted = ['', '0.0.0.0/0', '10.1.0.9/16', '169.254.1.1/32', 'fe80::1/128', '::ffff:10.0.0.1/128'];
    for (const pool of accepted) {
      it(`take "${pool}" with prefix length`, () => {
        expect(parseRequest('IpamDriver.RequestPool', JSON.stringify({ Pool: pool })).Pool).to.equal(pool);
      });
    }

    const refused = [
      '10.1.0.0',
      '10.1.0.0/',
      '10.1.0.0/33',
      '10.1.0.0/-1',
      '10.1.0.0/1.5',
      '10.1/16',
      '/16',
      'x/8',
      '::/129',
    ];
    for (const pool of [
      ...refused,
      'fe80::1%eth0/64',
      ' 10.1.0.0/16',
      '10.1.0.0/16/16',
      '10.1.0.0/016',
      '10.1.0.0/1e1',
    ]) {
      it(`refuse "${pool}" with prefix length`, () => {
        expect(refusal('IpamDriver.RequestPool', JSON.stringify({ Pool: pool })).message).to.equal(
          `IpamDriver.RequestPool: field "Pool" must be an IP address with prefix length (such as 10.1.0.5/32) or empty, got "${pool}"`,
        );
      });
    }

    for (const address of ['10.1.0.5/32', 'fe80::1%eth0', 'ten']) {
      it(`refuse "${address}" without prefix length`, () => {
        const body = JSON.stringify({ PoolID: 'p', Address: address });

        expect(refusal('IpamDriver.ReleaseAddress', body).path).to.equal('Address');
      });
    }
  });

  it('decodes the escapes of Go', () => {
    const request = parseRequest('NetworkDriver.DeleteNetwork', '{"NetworkID":"\\u003ca\\u0026b\\u003e"}');

    expect(request.NetworkID).to.equal('<a&b>');
  });

  it('takes a string and bytes alike', () => {
    const body = JSON.stringify(tracedRequest('NetworkDriver.CreateEndpoint'));

    expect(parseRequest('NetworkDriver.CreateEndpoint', body)).to.deep.equal(
      parseRequest('NetworkDriver.CreateEndpoint', Buffer.from(body)),
    );
  });
});

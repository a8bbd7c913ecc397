import { expect } from 'chai';
import { readReply } from '../../../src/client/read-reply.ts';
import { isPluginCallError, type MethodName, PluginCallError, type PluginCallErrorCode } from '../../../src/index.ts';

const network = 'NetworkDriver.CreateNetwork';
const ipam = 'IpamDriver.ReleasePool';

function expectError(
  method: MethodName,
  status: number,
  body: string,
  code: PluginCallErrorCode,
  message: string,
): void {
  expect(() => readReply(method, status, body))
    .to.throw(PluginCallError)
    .that.includes({ code, method, status, message });
}

describe('readReply', () => {
  describe('what Docker takes for success', () => {
    for (const body of ['{}', 'null', ' {}\n', '{"Unknown":1}', '{"Err":"","Error":""}', '{"Err":null}']) {
      for (const method of [network, ipam] as const) {
        it(`is 200 ${JSON.stringify(body)} for ${method}`, () => {
          expect(() => readReply(method, 200, body)).not.to.throw();
        });
      }
    }

    it('is an IPAM reply with the error field of network drivers', () => {
      expect(() => readReply(ipam, 200, '{"Err":"x"}')).not.to.throw();
    });

    it('is a network driver reply with the error field of IPAM drivers', () => {
      expect(() => readReply(network, 200, '{"Error":"x"}')).not.to.throw();
    });

    it('is an activation with either error field', () => {
      expect(readReply('Plugin.Activate', 200, '{"Implements":[],"Err":"x","Error":"x"}').Implements).to.deep.equal([]);
    });

    for (const method of [
      'NetworkDriver.ProgramExternalConnectivity',
      'NetworkDriver.RevokeExternalConnectivity',
    ] as const) {
      it(`is 404 for ${method}`, () => {
        expect(readReply(method, 404, 'page not found')).to.deep.equal({});
      });
    }
  });

  describe('what Docker takes for an error', () => {
    const rows: readonly [MethodName, number, string, PluginCallErrorCode, string][] = [
      [network, 200, '', 'INVALID_REPLY', 'EOF'],
      [ipam, 200, '\n', 'INVALID_REPLY', 'EOF'],
      [network, 200, '{"Err":"x"}', 'DRIVER_ERROR', 'remote: x'],
      [ipam, 200, '{"Error":"x"}', 'DRIVER_ERROR', 'remote: x'],
      ['NetworkDriver.GetCapabilities', 200, '{"Err":"not ready"}', 'DRIVER_ERROR', 'remote: not ready'],
      [network, 500, '{"Err":"x"}', 'BAD_STATUS', `${network}: x`],
      [ipam, 500, '{"Err":"x"}', 'BAD_STATUS', `${ipam}: x`],
      [ipam, 500, '{"Err":"x","Error":"x"}', 'BAD_STATUS', `${ipam}: x`],
      [ipam, 500, '{"Error":"x"}', 'BAD_STATUS', `${ipam}: {"Error":"x"}`],
      [network, 500, '{"Err":""}', 'BAD_STATUS', `${network}: {"Err":""}`],
      [network, 500, '{"Err":5}', 'BAD_STATUS', `${network}: {"Err":5}`],
      [network, 502, 'bad gateway\n', 'BAD_STATUS', `${network}: bad gateway\n`],
      [network, 500, '', 'BAD_STATUS', `${network}: `],
      [network, 201, '{}', 'BAD_STATUS', `${network}: {}`],
      [network, 204, '', 'BAD_STATUS', `${network}: `],
      [network, 404, 'no', 'BAD_STATUS', `${network}: no`],
      ['IpamDriver.GetCapabilities', 404, 'no', 'BAD_STATUS', 'IpamDriver.GetCapabilities: no'],
      [
        'NetworkDriver.ProgramExternalConnectivity',
        500,
        '{"Err":"x"}',
        'BAD_STATUS',
        'NetworkDriver.ProgramExternalConnectivity: x',
      ],
    ];
    for (const [method, status, body, code, message] of rows) {
      it(`is ${status} ${JSON.stringify(body)} for ${method}: ${JSON.stringify(message)}`, () => {
        expectError(method, status, body, code, message);
      });
    }
  });

  describe('a reply that Docker cannot use', () => {
    const cidr = 'an IP address with prefix length (such as 10.1.0.5/32)';
    const address = 'an IP address without prefix length (such as 10.1.0.5) or empty';
    const rows: readonly [MethodName, string, string][] = [
      [network, '{', 'reply is not valid JSON'],
      [network, '[]', 'reply must be an object, got an array'],
      [network, '{"Err":5}', 'reply field "Err" must be a string, got a number'],
      ['Plugin.Activate', '{}', 'reply field "Implements" must be an array of strings, got nothing'],
      ['NetworkDriver.GetCapabilities', 'null', 'reply field "Scope" must be "local" or "global", got nothing'],
      [
        'NetworkDriver.GetCapabilities',
        '{"Scope":"swarm"}',
        'reply field "Scope" must be "local" or "global", got "swarm"',
      ],
      ['IpamDriver.RequestAddress', '{}', `reply field "Address" must be ${cidr}, got nothing`],
      ['IpamDriver.RequestAddress', '{"Address":"10.1.0.5"}', `reply field "Address" must be ${cidr}, got "10.1.0.5"`],
      ['IpamDriver.RequestPool', '{"PoolID":"p","Pool":""}', `reply field "Pool" must be ${cidr}, got an empty string`],
      [
        'NetworkDriver.Join',
        '{"Gateway":"10.1.0.1/32"}',
        `reply field "Gateway" must be ${address}, got "10.1.0.1/32"`,
      ],
      [
        'NetworkDriver.Join',
        '{"GatewayIPv6":"fe80::1%e"}',
        `reply field "GatewayIPv6" must be ${address}, got "fe80::1%e"`,
      ],
      [
        'NetworkDriver.Join',
        '{"StaticRoutes":[{"Destination":"10.1.0.1/32","RouteType":2}]}',
        'reply field "StaticRoutes[0].RouteType" must be 0 (next hop) or 1 (connected), got 2',
      ],
      [
        'NetworkDriver.CreateEndpoint',
        '{"Interface":{"MacAddress":"02-42"}}',
        'reply field "Interface.MacAddress" must be a MAC address (such as 02:42:0a:01:00:05) or empty, got "02-42"',
      ],
    ];
    for (const [method, body, sentence] of rows) {
      it(`${method} ${body}: ${sentence}`, () => {
        expectError(method, 200, body, 'INVALID_REPLY', `${method}: ${sentence}`);
      });
    }
  });

  describe('field names', () => {
    it('are taken in any case at every level', () => {
      const reply = readReply(
        'NetworkDriver.Join',
        200,
        '{"interfacename":{"SRCNAME":"v"},"staticRoutes":[{"destination":"10.1.0.1/32"}],"gateway":"10.1.0.1"}',
      );

      expect(reply).to.containSubset({
        InterfaceName: { SrcName: 'v' },
        StaticRoutes: [{ Destination: '10.1.0.1/32' }],
        Gateway: '10.1.0.1',
      });
    });

    it('are taken in any case for errors', () => {
      expectError(network, 200, '{"err":"x"}', 'DRIVER_ERROR', 'remote: x');
      expectError(network, 500, '{"ERR":"x"}', 'BAD_STATUS', `${network}: x`);
    });

    it('count exactly where both spellings are there', () => {
      expect(readReply('NetworkDriver.Join', 200, '{"gateway":"10.1.0.1","Gateway":"10.1.0.2"}').Gateway).to.equal(
        '10.1.0.2',
      );
    });

    it('keep their case in free maps', () => {
      expect(readReply('NetworkDriver.EndpointOperInfo', 200, '{"Value":{"value":1}}')).to.deep.equal({
        Value: { value: 1 },
      });
    });
  });
});

describe('isPluginCallError', () => {
  it('takes no other error for one', () => {
    expect(isPluginCallError(new Error('x'))).to.equal(false);
  });
});

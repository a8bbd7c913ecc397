import { expect } from 'chai';
import { METHODS, type MethodName, parseRequest, ProtocolError } from '../../src/index.ts';

type Kind =
  | 'bytes'
  | 'code'
  | 'texts'
  | 'id'
  | 'text'
  | 'flag'
  | 'number'
  | 'map'
  | 'strings'
  | 'object'
  | 'list'
  | 'cidr'
  | 'address';

const wrong: Readonly<Record<Kind, ReadonlyArray<readonly [value: unknown, sentence: string]>>> = {
  id: [
    [undefined, 'must be a string, got nothing'],
    [null, 'must be a string, got null'],
    [7, 'must be a string, got a number'],
    ['', 'must be a non-empty string, got an empty string'],
  ],
  text: [
    [7, 'must be a string, got a number'],
    [{}, 'must be a string, got an object'],
  ],
  flag: [['true', 'must be a boolean, got a string']],
  number: [
    [undefined, 'must be a number, got nothing'],
    ['1', 'must be a number, got a string'],
  ],
  map: [
    [[], 'must be an object, got an array'],
    ['x', 'must be an object, got a string'],
  ],
  strings: [[true, 'must be an object of strings, got a boolean']],
  object: [[[], 'must be an object, got an array']],
  list: [[{}, 'must be an array, got an object']],
  cidr: [
    [7, 'must be an IP address with prefix length (such as 10.1.0.5/32) or empty, got a number'],
    ['ten', 'must be an IP address with prefix length (such as 10.1.0.5/32) or empty, got "ten"'],
  ],
  bytes: [
    ['*', 'must be bytes in base64, got "*"'],
    [[1], 'must be bytes in base64, got an array'],
  ],
  code: [['200', 'must be a number, got a string']],
  texts: [['pem', 'must be an array of strings, got a string']],
  address: [['ten', 'must be an IP address without prefix length (such as 10.1.0.5) or empty, got "ten"']],
};

const ids = { NetworkID: 'id', EndpointID: 'id' } as const;

const ipamData = {
  IPv4Data: 'list',
  'IPv4Data[0]': 'object',
  'IPv4Data[0].AddressSpace': 'text',
  'IPv4Data[1].Pool': 'cidr',
  'IPv4Data[0].Gateway': 'cidr',
  'IPv4Data[0].AuxAddresses': 'strings',
  'IPv4Data[0].AuxAddresses.router': 'text',
  'IPv6Data[0].Pool': 'cidr',
} as const;

const discovery = {
  DiscoveryType: 'number',
  DiscoveryData: 'object',
  'DiscoveryData.Address': 'text',
  'DiscoveryData.Self': 'flag',
} as const;

const authorization = {
  User: 'text',
  UserAuthNMethod: 'text',
  RequestMethod: 'text',
  RequestUri: 'text',
  RequestBody: 'bytes',
  RequestHeaders: 'strings',
  RequestPeerCertificates: 'texts',
} as const;

/** Every field of every request, by its path. */
const fields: Readonly<Partial<Record<MethodName, Readonly<Record<string, Kind>>>>> = {
  'NetworkDriver.GwAllocCheck': { Options: 'map' },
  'NetworkDriver.AllocateNetwork': { NetworkID: 'id', Options: 'strings', ...ipamData },
  'NetworkDriver.FreeNetwork': { NetworkID: 'id' },
  'NetworkDriver.CreateNetwork': { NetworkID: 'id', Options: 'map', ...ipamData },
  'NetworkDriver.DeleteNetwork': { NetworkID: 'id' },
  'NetworkDriver.CreateEndpoint': {
    ...ids,
    Interface: 'object',
    'Interface.Address': 'cidr',
    'Interface.AddressIPv6': 'cidr',
    'Interface.MacAddress': 'text',
    Options: 'map',
  },
  'NetworkDriver.EndpointOperInfo': ids,
  'NetworkDriver.DeleteEndpoint': ids,
  'NetworkDriver.Join': { ...ids, SandboxKey: 'id', Options: 'map' },
  'NetworkDriver.Leave': ids,
  'NetworkDriver.DiscoverNew': discovery,
  'NetworkDriver.DiscoverDelete': discovery,
  'NetworkDriver.ProgramExternalConnectivity': { ...ids, Options: 'map' },
  'NetworkDriver.RevokeExternalConnectivity': ids,
  'IpamDriver.RequestPool': {
    AddressSpace: 'text',
    Pool: 'cidr',
    SubPool: 'cidr',
    Options: 'strings',
    'Options["com.example/key"]': 'text',
    V6: 'flag',
  },
  'IpamDriver.ReleasePool': { PoolID: 'id' },
  'IpamDriver.RequestAddress': { PoolID: 'id', Address: 'address', Options: 'strings' },
  'IpamDriver.ReleaseAddress': { PoolID: 'id', Address: 'address' },
  'VolumeDriver.Create': { Name: 'id', Opts: 'strings' },
  'VolumeDriver.Remove': { Name: 'id' },
  'VolumeDriver.Mount': { Name: 'id', ID: 'text' },
  'VolumeDriver.Unmount': { Name: 'id', ID: 'text' },
  'VolumeDriver.Path': { Name: 'id' },
  'VolumeDriver.Get': { Name: 'id' },
  'AuthZPlugin.AuthZReq': authorization,
  'AuthZPlugin.AuthZRes': {
    ...authorization,
    ResponseStatusCode: 'code',
    ResponseBody: 'bytes',
    ResponseHeaders: 'strings',
  },
};

/** A request that is valid for every method, with one field replaced. */
function requestWith(path: string, value: unknown): string {
  const request: Record<string, unknown> = {
    NetworkID: 'n',
    EndpointID: 'e',
    SandboxKey: '/var/run/docker/netns/1',
    PoolID: 'p',
    Name: 'v',
    DiscoveryType: 1,
    DiscoveryData: {},
    Interface: {},
    Options: {},
    IPv4Data: [{ AuxAddresses: {} }, {}],
    IPv6Data: [{}],
  };
  const keys = [...path.matchAll(/"([^"]+)"|(\w+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
  const last = keys.pop()!;
  const parent = keys.reduce((object, key) => object[key] as Record<string, unknown>, request);
  parent[last] = value;
  return JSON.stringify(request);
}

describe('a field of the wrong type or shape', () => {
  it('has a row for every call with a body', () => {
    const withBody = Object.entries(METHODS).filter(([, { takesBody }]) => takesBody);

    expect(Object.keys(fields)).to.have.members(withBody.map(([method]) => method));
  });

  for (const [method, kinds] of Object.entries(fields) as [MethodName, Record<string, Kind>][]) {
    describe(method, () => {
      it('accepts the request that is varied below', () => {
        expect(() => parseRequest(method, requestWith('NetworkID', 'n'))).not.to.throw();
      });

      for (const [path, kind] of Object.entries(kinds)) {
        for (const [value, sentence] of wrong[kind]) {
          it(`"${path}" ${sentence}`, () => {
            expect(() => parseRequest(method, requestWith(path, value)))
              .to.throw(ProtocolError, `${method}: field "${path}" ${sentence}`)
              .that.includes({ code: 'INVALID_FIELD', status: 400, path });
          });
        }
      }
    });
  }
});

import type { MethodName } from './methods.ts';
import { isAddress, isCidr } from './schema/wire.ts';

type Fields = Readonly<Partial<Record<string, unknown>>>;

/**
 * Whether a request of a call that comes with every container is as Docker sends it: every field there, and valid. Then its
 * schema would return it as it is, in ten times the time. Others, and whatever is wrong, are left to the schema.
 */
export function isPlainRequest(method: MethodName, request: object): boolean {
  return PLAIN[method]?.(request as Fields) ?? false;
}

const PLAIN: Readonly<Partial<Record<MethodName, (request: Fields) => boolean>>> = {
  'IpamDriver.RequestAddress': ({ PoolID, Address, Options }) =>
    isIdentifier(PoolID) && isOptional(Address, isAddress) && isStringMap(Options),
  'IpamDriver.ReleaseAddress': ({ PoolID, Address }) => isIdentifier(PoolID) && isOptional(Address, isAddress),
  'NetworkDriver.CreateEndpoint': (request) =>
    isReference(request) && isMap(request['Options']) && isInterface(request['Interface']),
  'NetworkDriver.Join': (request) =>
    isReference(request) && isIdentifier(request['SandboxKey']) && isMap(request['Options']),
  'NetworkDriver.EndpointOperInfo': isReference,
  'NetworkDriver.Leave': isReference,
  'NetworkDriver.DeleteEndpoint': isReference,
};

function isReference({ NetworkID, EndpointID }: Fields): boolean {
  return isIdentifier(NetworkID) && isIdentifier(EndpointID);
}

function isInterface(value: unknown): boolean {
  if (!isMap(value)) return false;
  const { Address, AddressIPv6, MacAddress } = value;
  return isOptional(Address, isCidr) && isOptional(AddressIPv6, isCidr) && typeof MacAddress === 'string';
}

function isIdentifier(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isOptional(value: unknown, isValid: (text: string) => boolean): boolean {
  return typeof value === 'string' && (value === '' || isValid(value));
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStringMap(value: unknown): boolean {
  return isMap(value) && Object.values(value).every((entry) => typeof entry === 'string');
}

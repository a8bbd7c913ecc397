import { parseEndpointOptions, parseNetworkOptions } from '@routed/driver';
import { canonicalAddress, formatPrefix, parsePoolId, parsePrefix } from '@routed/ipam';
import { formatAllowList, parseAllowList } from '@routed/netfilter';
import { parseCidr, parseIp } from '@routed/addresses';
import fc from 'fast-check';
import { parseServeOptions } from '../../../packages/daemon/src/serve/serve-options.ts';
import { weird } from '../mutations.ts';
import { target } from '../fuzz.ts';
import { expectTyped } from '../typed-errors.ts';

const piece = fc.oneof(
  fc.constantFrom(
    '10.1.2.3',
    '10.0.0.0/8',
    '10.1.2.3-10.1.2.9',
    '[fd00::/8]:443/tcp',
    'fd00::7',
    'none',
    'any',
    '0.0.0.0/0',
  ),
  fc.constantFrom(
    ':',
    '/',
    '-',
    '[',
    ']',
    '443',
    '/udp',
    '/sctp',
    '::',
    '%',
    '.',
    '255',
    '65536',
    '-1',
    '\0',
    'ffff',
    '٣',
  ),
  fc.ipV4(),
  fc.ipV6(),
  fc.string({ maxLength: 4 }),
);
const list = fc
  .array(fc.tuple(piece, fc.constantFrom('', '', ' ', ',', '+', ';', '\n', '\t', '\u00a0')), { maxLength: 8 })
  .map((parts) => parts.flat().join(''));

/** Addresses, prefixes and lists of them. */
export const addressLists = target({
  name: 'address lists',
  weight: 12,
  input: list,
  feed: (text) => {
    for (const read of [canonicalAddress, parsePoolId, parseIp, parseCidr]) expectTyped(() => read(text));
    expectTyped(() => formatPrefix(parsePrefix(text)));
    expectTyped(() => {
      const written = formatAllowList(parseAllowList(text));
      if (formatAllowList(parseAllowList(written)) !== written) throw new Error(`${written} is read as another list`);
    });
  },
});

const optionName = fc.oneof(
  fc.constantFrom('routed.mtu', 'routed.gateway', 'routed.prefixes', 'routed.anycast', 'routed.on-conflict'),
  fc.constantFrom(
    'routed.ingress',
    'routed.egress',
    'routed.egress-mode',
    'routed.egress-when-away',
    'routed.dns',
    'routed.spoof',
    'routed.addresses',
    'ROUTED.MTU',
    'com.docker.x',
    '__proto__',
    'toString',
  ),
  fc.string({ maxLength: 6 }),
);
const flagName = fc.constantFrom(
  ...['gateway', 'mtu', 'debug', 'netsock', 'ipamsock', 'pluginDir', 'stateDir', 'adminSocket', 'socketGroup'],
  ...['dockerSocket', 'metricsPort', 'logLevel', 'logFormat', 'constructor'],
);

/** Options of networks, endpoints and the daemon. */
export const options = target({
  name: 'options',
  weight: 6,
  input: fc.tuple(
    fc.dictionary(optionName, fc.oneof(list, list, weird), { maxKeys: 4 }),
    fc.dictionary(flagName, fc.oneof(list, weird), { maxKeys: 6 }),
  ),
  feed: ([driverOptions, flags]) => {
    expectTyped(() => parseNetworkOptions(driverOptions));
    expectTyped(() => parseEndpointOptions(driverOptions));
    expectTyped(() => parseServeOptions({ ...SERVED, ...flags }));
  },
});

const SERVED = {
  ...{ mtu: 'auto', netsock: 'net-routed', ipamsock: 'ipam-routed', pluginDir: '/p', stateDir: '/s' },
  ...{ adminSocket: '/a', dockerSocket: '/d', logLevel: 'info', logFormat: 'json' },
};

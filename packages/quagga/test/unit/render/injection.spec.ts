import { expect } from 'chai';
import fc from 'fast-check';
import { inspectModel } from '../../../src/validation/validate.ts';
import { DIALECTS } from '../../../src/dialect.ts';
import { render } from '../../../src/render/render.ts';

type Build = (text: string) => unknown;

const host = (more: Record<string, unknown>): Record<string, unknown> => ({
  routerId: '10.0.0.1',
  containers: ['10.112.0.0/12'],
  ...more,
});
const ospf = (settings: Record<string, unknown>): unknown =>
  host({ interfaces: { eth1: { ospf: settings } }, ospf: {} });
const bgp = (peer: Record<string, unknown>): unknown =>
  host({ bgp: { asn: 1, neighbors: [{ address: '10.0.0.2', remoteAs: 2, ...peer }] } });

/** Every place in a model where free text goes. */
const FIELDS: Record<string, Build> = {
  hostname: (text) => ({ ...(ospf({}) as object), hostname: text }),
  routerId: (text) => ({ ...(ospf({}) as object), routerId: text }),
  container: (text) => ({ ...(ospf({}) as object), containers: [text] }),
  interface: (text) => host({ interfaces: { [text]: { ospf: {} } }, ospf: {} }),
  'interface description': (text) => host({ interfaces: { eth1: { description: text, ospf: {} } }, ospf: {} }),
  area: (text) => ospf({ area: text }),
  'simple key': (text) => ospf({ authentication: { type: 'simple', key: text } }),
  'digest key': (text) => ospf({ authentication: { type: 'message-digest', keys: [{ id: 1, key: text }] } }),
  'HMAC key': (text) => ospf({ authentication: { type: 'hmac-sha-256', keys: [{ id: 1, key: text }] } }),
  'vty password': (text) => ({ ...(ospf({}) as object), vty: { password: text } }),
  'neighbor address': (text) => bgp({ address: text }),
  'neighbor description': (text) => bgp({ description: text }),
  'neighbor password': (text) => bgp({ password: text }),
  'update source': (text) => bgp({ updateSource: text }),
  'route map': (text) => ({
    ...(bgp({}) as object),
    routeMaps: { [text]: { family: 'ipv4', entries: [{ action: 'permit', description: text }] } },
  }),
  'prefix list': (text) => ({
    ...(bgp({}) as object),
    prefixLists: {
      [text]: { family: 'ipv4', description: text, entries: [{ action: 'permit', prefix: '10.0.0.0/8' }] },
    },
  }),
};

const BENIGN: Record<string, string> = {
  routerId: '10.0.0.1',
  container: '10.112.0.0/12',
  area: '0.0.0.0',
  'neighbor address': '10.0.0.2',
};

const hostile = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString'),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .tuple(
      fc.constantFrom('x', 'eth1', '10.0.0.1', 'A', ''),
      fc.constantFrom('\n', '\r', '\r\n', '\u2028', '\u0085', '\0', '\u000b', '!', '#', '?', ' ', '\t'),
      fc.constantFrom('no router ospf', 'router bgp 1', 'x', ''),
    )
    .map((parts) => parts.join('')),
);

function linesOf(input: unknown, dialect: 'quagga' | 'frr'): string[] | undefined {
  const { model } = inspectModel(input);
  return model === undefined
    ? undefined
    : render(model, dialect).files.flatMap((file) => file.text.split(/[\p{Cc}\p{Zl}\p{Zp}]/u));
}

describe('free text in a model', () => {
  for (const [field, build] of Object.entries(FIELDS))
    for (const dialect of DIALECTS.filter((one) => one === 'frr' || field !== 'HMAC key'))
      it(`${field} is refused or stays within its line (${dialect})`, () => {
        const expected = linesOf(build(BENIGN[field] ?? 'abc'), dialect);

        expect(expected).to.be.an('array');
        fc.assert(
          fc.property(hostile, (text) => {
            const lines = linesOf(build(text), dialect);
            if (lines === undefined) return;
            expect(lines.length).to.equal(expected!.length);
            expect(
              lines.filter((line) => /^ *(no router|router bgp 1$)/.test(line) && !expected!.includes(line)),
            ).to.deep.equal([]);
          }),
          { numRuns: 300 },
        );
      });
});

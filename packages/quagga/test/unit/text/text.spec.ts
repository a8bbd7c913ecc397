import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parseDocument } from '../../../src/preset/document.ts';
import { render } from '../../../src/render/render.ts';
import { canonicalTree, diffTrees, formatDifferences } from '../../../src/text/diff.ts';
import { mergeTrees, parseConfig } from '../../../src/text/parse.ts';
import { redactLine, redactText } from '../../../src/text/redact.ts';

const classic = readFileSync(new URL('../../fixtures/classic-ospfd.conf', import.meta.url), 'utf8');
const sections = (text: string): Record<string, readonly string[]> =>
  Object.fromEntries([...parseConfig(text)].map(([key, { lines }]) => [key, lines]));

describe('parseConfig', () => {
  it('reads contexts with and without indentation, comments and exit', () => {
    const indented =
      'hostname h1\n!\ninterface eth1\n ip ospf area 0\nexit\n!\nrouter bgp 1\n bgp router-id 1.1.1.1\n !\n address-family ipv4 unicast\n  redistribute kernel\n exit-address-family\nexit\nend\n';
    const flat =
      '! comment\ninterface eth1\nip ospf area 0\nrouter bgp 1\nbgp router-id 1.1.1.1\naddress-family ipv4 unicast\nredistribute kernel\nexit-address-family\r\n';

    expect(sections(indented)).to.deep.equal({
      'interface eth1': ['ip ospf area 0'],
      'router bgp 1': ['bgp router-id 1.1.1.1'],
      'router bgp 1\naddress-family ipv4 unicast': ['redistribute kernel'],
    });
    expect(sections(flat)).to.deep.equal(sections(indented));
  });

  it('keeps what stands before and after a context at top level', () => {
    expect(sections(`log syslog\n${classic}`)['']).to.deep.equal(['log syslog', 'log syslog']);
  });

  it('keeps an entry of a route-map that has no line: it matches every route', () => {
    expect(sections('interface eth1\nexit\n!\nroute-map ALL permit 10\nexit\n')).to.deep.equal({
      'route-map ALL permit 10': [],
    });
  });

  it('drops what names the host, the version or the kernel’s forwarding', () => {
    expect(
      sections(
        'Building configuration...\n\nCurrent configuration:\n!\nfrr version 8.4.4\nhostname vm\nno ipv6 forwarding\n',
      ),
    ).to.deep.equal({});
  });
});

describe('diffTrees', () => {
  it('finds the classic file and the seed preset equal, whatever the spelling', () => {
    const respelled =
      classic.replace(/area 0\.0\.0\.0/g, 'area 0').replace(' no passive-interface eth1\n', '') +
      'interface eth1\n no ip ospf passive\n';
    const { model } = parseDocument({
      preset: 'seed',
      routerId: '10.112.11.6',
      interfaces: { eth1: { ospf: {} } },
      ospf: { networks: ['10.255.255.0/24', '192.168.0.0/16', '10.112.0.0/12'].map((prefix) => ({ prefix })) },
    });

    const rendered = mergeTrees(render(model, 'quagga').files.map((file) => parseConfig(file.text)));

    expect(diffTrees(canonicalTree(parseConfig(respelled)), canonicalTree(rendered))).to.deep.equal([]);
  });

  it('finds an entry of a route-map that has no line, and so matches every route', () => {
    const filtered = 'route-map R permit 10\n match interface eth1\n';
    const leaky = canonicalTree(parseConfig(`${filtered}route-map R permit 20\n`));
    const tight = canonicalTree(parseConfig(filtered));

    expect(formatDifferences(diffTrees(leaky, tight))).to.equal('-route-map R permit 20\n');
    expect(formatDifferences(diffTrees(tight, leaky))).to.equal('+route-map R permit 20\n');
    expect(diffTrees(leaky, leaky)).to.deep.equal([]);
  });

  it('names context and lines, and hides secrets', () => {
    const before = parseConfig('interface eth1\n ip ospf authentication-key oldkey\n ip ospf cost 5\n');
    const after = parseConfig('interface eth1\n ip ospf authentication-key newkey\n ip ospf cost 5\nlog syslog\n');

    const text = formatDifferences(diffTrees(before, after));

    expect(text).to.equal(
      ' interface eth1\n- ip ospf authentication-key <hidden>\n+ ip ospf authentication-key <hidden>\n+log syslog\n',
    );
  });
});

describe('redaction', () => {
  const lines = [
    'ip ospf authentication-key s3cret',
    ' ip ospf message-digest-key 1 md5 s3cret',
    '  key-string s3cret',
    'no key-string s3cret',
    'ipv6 ospf6 authentication key-id 1 hash-algo hmac-sha-256 key s3cret',
    'neighbor 10.0.0.2 password s3cret',
    'no neighbor FABRIC password s3cret',
    'enable password s3cret',
    'password s3cret',
  ];

  it('hides every kind of secret in a line', () => {
    expect(lines.map(redactLine).join('\n')).not.to.include('s3cret');
  });

  it('hides secrets that a daemon quotes', () => {
    expect(lines.map((line) => redactText(`line 7: % Unknown command[4]: ${line}`)).join('\n')).not.to.include(
      's3cret',
    );
  });

  it('leaves other lines alone', () => {
    expect(redactLine('ip ospf authentication message-digest')).to.equal('ip ospf authentication message-digest');
  });
});

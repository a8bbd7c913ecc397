import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { cli, LAN } from '../../support/environment.ts';

const classic = readFileSync(new URL('../../fixtures/classic-ospfd.conf', import.meta.url), 'utf8');
const CLASSIC_FLAGS = [
  '--router-id',
  '10.112.11.6',
  '--interface',
  'eth1',
  '--network',
  '10.112.0.0/12',
  '--network',
  '192.168.0.0/16',
  '--network',
  '10.255.255.0/24',
];
/** A host with BGP, but for its neighbors. */
const BGP_HOST = [
  'render',
  '--protocol',
  'bgp',
  '--dialect',
  'frr',
  '--router-id',
  '10.0.0.1',
  '--asn',
  '65001',
  '--container',
  '10.112.0.0/12',
];

describe('quagga-config render', () => {
  it('prints the seed preset byte for byte', async () => {
    const result = await cli(['render', '--preset', 'seed', ...CLASSIC_FLAGS]);

    expect(result).to.include({ code: 0, out: classic });
  });

  it('says everything the classic file says, behind a filter', async () => {
    const { code, out } = await cli(['render', ...CLASSIC_FLAGS]);

    expect(code).to.equal(0);
    for (const line of classic.split('\n').filter((text) => text !== ' redistribute kernel'))
      expect(out).to.include(line);
    expect(out).to.include(' redistribute kernel route-map EXPORT\n');
  });

  it('takes a file, the standard input and JSON, and lets flags win', async () => {
    const fromFile = await cli(['render', 'r.yaml', '--dialect', 'frr', '--router-id', '10.0.0.9'], {
      files: { 'r.yaml': LAN },
    });
    const fromJson = await cli(['render', '-', '--dialect', 'frr'], {
      files: {
        '-': JSON.stringify({
          preset: 'lan',
          routerId: '10.0.0.9',
          containers: ['10.112.0.0/12'],
          interfaces: { eth1: {} },
        }),
      },
    });

    expect(fromFile.out).to.equal(fromJson.out).and.to.include('ospf router-id 10.0.0.9\n');
  });

  it('writes files that only owner and group read', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'quagga-test-'));
    try {
      const { code } = await cli(['render', 'r.yaml', '--dialect', 'frr', '--output', dir], {
        files: { 'r.yaml': LAN },
      });

      expect(code).to.equal(0);
      expect(await readdir(dir)).to.have.members(['frr.conf', 'daemons']);
      expect((await stat(join(dir, 'frr.conf'))).mode & 0o777).to.equal(0o640);
      expect(await readFile(join(dir, 'daemons'), 'utf8'))
        .to.include('ospfd=yes\n')
        .and.to.include('-s 90000000');
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('prints one file of several, and refuses one that is not there', async () => {
    const one = await cli(['render', 'r.yaml', '--dialect', 'frr', '--file', 'daemons'], { files: { 'r.yaml': LAN } });
    const none = await cli(['render', 'r.yaml', '--file', 'bgpd.conf'], { files: { 'r.yaml': LAN } });

    expect(one.out).to.match(/^ospfd=yes\n/);
    expect(none).to.deep.equal({
      code: 1,
      out: '',
      err: 'error: there is no bgpd.conf; this renders zebra.conf, ospfd.conf\n',
    });
  });

  it('prints JSON on request', async () => {
    const { out } = await cli(['render', 'r.yaml', '--dialect', 'frr', '--json'], { files: { 'r.yaml': LAN } });

    expect(JSON.parse(out)).to.deep.include({ dialect: 'frr', daemons: ['zebra', 'ospfd'] });
  });

  it('builds a BGP host from flags alone', async () => {
    const { code, out } = await cli([...BGP_HOST, '--neighbor', '10.0.0.2=65002']);

    expect(code).to.equal(0);
    expect(out).to.include(' neighbor 10.0.0.2 remote-as 65002\n neighbor 10.0.0.2 peer-group FABRIC\n');
  });

  it('builds an unnumbered BGP host when there is no neighbor address', async () => {
    const { out } = await cli([...BGP_HOST, '--interface', 'eth1']);

    expect(out).to.include(' neighbor eth1 interface peer-group FABRIC\n');
  });
});

describe('quagga-config diff --against', () => {
  it('finds the classic file equal to the seed preset', async () => {
    const result = await cli(['diff', '--preset', 'seed', ...CLASSIC_FLAGS, '--against', 'ospfd.conf'], {
      files: { 'ospfd.conf': classic },
    });

    expect(result).to.include({ code: 0, out: '' });
  });

  it('shows what a hand-written file lacks, as text and as JSON, with status 4', async () => {
    const args = ['diff', ...CLASSIC_FLAGS, '--against', 'ospfd.conf'];

    const text = await cli(args, { files: { 'ospfd.conf': classic } });
    const json = await cli([...args, '--json'], { files: { 'ospfd.conf': classic } });

    expect(text.code).to.equal(4);
    expect(text.out).to.include('- redistribute kernel\n').and.to.include('+ redistribute kernel route-map EXPORT\n');
    expect(JSON.parse(json.out)).to.deep.include({
      schemaVersion: 1,
      path: ['router ospf'],
      removed: ['redistribute kernel'],
      added: ['timers lsa min-arrival 0', 'redistribute kernel route-map EXPORT'],
    });
  });

  it('says with status 7 that no router runs', async () => {
    const { code, err } = await cli(['diff', ...CLASSIC_FLAGS, '--vty-dir', '/nonexistent']);

    expect(code).to.equal(7);
    expect(err).to.include('no daemon answers in /nonexistent');
  });
});

describe('what quagga-config prints', () => {
  it('holds no control character, whatever a file or an option says', async () => {
    const evil = '\u001b]0;owned\u0007\u001b[2J';
    const results = [
      await cli(['render', '-'], { files: { '-': `preset: lan\nrouterId: "${JSON.stringify(evil).slice(1, -1)}"\n` } }),
      await cli(['render', `--${evil}`]),
      await cli(['diff', 'r.yaml', '--against', 'old'], {
        files: { 'r.yaml': LAN, old: `banner motd line ${evil}\n` },
      }),
      await cli(['render', evil]),
    ];

    for (const { out, err } of results)
      expect(JSON.stringify(out + err)).not.to.match(/\\u00(?!09)[01][0-9a-f]|\\u007f/);
    expect(results.map(({ code }) => code)).to.deep.equal([1, 1, 4, 1]);
  });
});

describe('quagga-config check', () => {
  it('accepts by the model’s rules alone on request', async () => {
    const { code, out } = await cli(['check', 'r.yaml', '--checker', 'none'], { files: { 'r.yaml': LAN } });

    expect([code, out]).to.deep.equal([0, 'accepted (model rules)\n']);
  });

  it('says with status 3 that Quagga is not installed', async () => {
    const { code, err } = await cli(['check', 'r.yaml', '--dialect', 'quagga', '--daemon-dir', '/nonexistent'], {
      files: { 'r.yaml': LAN },
    });

    expect(code).to.equal(3);
    expect(err).to.include('/nonexistent/zebra is not installed');
  });
});

describe('quagga-config schema', () => {
  it('prints a JSON schema', async () => {
    const { code, out } = await cli(['schema']);

    expect(code).to.equal(0);
    expect(JSON.parse(out)).to.have.nested.property('properties.routerId');
  });
});

describe('quagga-config init', () => {
  const addresses = [
    { ifname: 'lo', addr_info: [{ family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host' }] },
    { ifname: 'docker0', addr_info: [{ family: 'inet', local: '172.17.0.1', prefixlen: 16, scope: 'global' }] },
    { ifname: 'eth1', addr_info: [{ family: 'inet', local: '10.112.11.6', prefixlen: 24, scope: 'global' }] },
  ];
  const routes = [
    { dst: 'default', gateway: '10.112.11.254', dev: 'eth1', protocol: 'dhcp' },
    { dst: '10.113.7.1', dev: 'vethr0', protocol: '200' },
    { dst: '10.113.9.1', dev: 'vethr1', protocol: 'routed' },
  ];
  const host = (own: unknown, known: unknown) => ({
    ip: ([what]: readonly string[]) => Promise.resolve(what === 'address' ? own : known),
    exists: () => Promise.resolve(true),
  });

  it('proposes a model that renders, from addresses and routes', async () => {
    const proposal = await cli(['init'], host(addresses, routes));

    expect(proposal.code).to.equal(0);
    expect(proposal.out).to.match(
      /dialect: frr\npreset: lan\n.*\nrouterId: 10\.112\.11\.6\n.*\ncontainers:\n {2}- 10\.113\.0\.0\/16\n.*\ninterfaces:\n {2}eth1: \{\}\n/,
    );
    expect(await cli(['render', '-'], { files: { '-': proposal.out } })).to.deep.include({ code: 0, err: '' });
  });

  it('proposes BGP with a private AS number', async () => {
    const proposal = await cli(['init', '--protocol', 'bgp'], host(addresses, []));

    expect(proposal.out).to.match(/preset: bgp-unnumbered\n[^]*asn: 42\d{8}\n/);
    expect(await cli(['render', '-'], { files: { '-': proposal.out } })).to.deep.include({ code: 0, err: '' });
  });

  it('proposes each uplink that has no address, and the host’s own address, for BGP unnumbered', async () => {
    const bare = (ifname: string, operstate = 'UP') => ({
      ifname,
      operstate,
      addr_info: [{ family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' }],
    });
    const lo = {
      ifname: 'lo',
      addr_info: [
        { family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host' },
        // The gateway of the containers.
        { family: 'inet', local: '10.1.0.1', prefixlen: 32, scope: 'link' },
        { family: 'inet', local: '10.200.0.1', prefixlen: 32, scope: 'global' },
      ],
    };
    const links = [lo, ...addresses.slice(1), bare('eth2'), bare('eth3'), bare('eth4', 'DOWN'), bare('vethr12')];
    const proposal = await cli(['init', '--protocol', 'bgp'], host(links, routes));

    expect(proposal.out).to.match(/routerId: 10\.200\.0\.1\n[^]*loopbacks:\n {2}- 10\.200\.0\.1\/32\n/);
    expect(proposal.out).to.include('interfaces:\n  eth2: {}\n  eth3: {}\n');
    expect(await cli(['render', '-'], { files: { '-': proposal.out } })).to.deep.include({ code: 0, err: '' });
  });

  it('proposes each link of a default route with several ways', async () => {
    const second = { ifname: 'eth2', addr_info: [{ local: '10.112.12.6', prefixlen: 24, scope: 'global' }] };
    const several = [{ dst: 'default', protocol: 'static', nexthops: [{ dev: 'eth1' }, { dev: 'eth2' }] }];
    const proposal = await cli(['init'], host([...addresses, second], several));

    expect(proposal.out).to.include('interfaces:\n  eth1: {}\n  eth2: {}\n').and.to.include('routerId: 10.112.11.6\n');
  });

  it('gives up where there is no way to other hosts', async () => {
    expect((await cli(['init'], host(addresses.slice(0, 2), []))).code).to.equal(1);
  });
});

describe('quagga-config with a command that there is not', () => {
  for (const args of [['show'], ['show', '--help'], ['help', 'show']]) {
    it(`refuses it: ${args.join(' ')}`, async () => {
      const { code, err } = await cli(args);

      expect(err).to.contain("error: unknown command 'show'");
      expect(code).to.equal(1);
    });
  }

  it('has help for the others', async () => {
    for (const args of [['--help'], ['help', 'render'], ['render', '--help']]) {
      expect(await cli(args)).to.include({ code: 0, err: '' });
    }
  });
});

describe('quagga-config whose reader stops reading', () => {
  it('ends without a word', async () => {
    const main = new URL('../../../src/main.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, ['--import', 'tsx', main, 'schema'], { cwd: import.meta.dirname });
    child.stdout.destroy();

    const [said, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number]>]);

    expect(said).to.equal('');
    expect(exitCode).to.equal(0);
  });
});

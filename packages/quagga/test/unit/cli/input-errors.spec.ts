import { expect } from 'chai';
import { cli, LAN } from '../../support/environment.ts';

describe('errors of the input', () => {
  it('point at line, column and field', async () => {
    const { code, err } = await cli(['render', 'r.yaml'], {
      files: { 'r.yaml': LAN.replace('{}', '{ ospf: { cost: 70000,\n      colour: red } }') },
    });

    expect(code).to.equal(1);
    expect(err).to.include('r.yaml:5:19: error: interfaces.eth1.ospf.cost: a cost is a whole number from 1 to 65535\n');
    expect(err).to.include('r.yaml:6:7: error: interfaces.eth1.ospf.colour: is not a known field');
  });

  it('point at the nearest field that exists when one is missing or comes from the preset', async () => {
    const { err } = await cli(['render', 'r.yaml'], {
      files: { 'r.yaml': LAN.replace('{}', '{ ospf: { deadIntervalSec: 1 } }').replace('routerId: 10.0.0.1\n', '') },
    });

    expect(err).to.include('r.yaml:1:1: error: routerId: ');
  });

  it('says that an alias stands for nothing', async () => {
    const { code, err } = await cli(['render', 'r.yaml'], { files: { 'r.yaml': 'routerId: *id\n' } });

    expect(code).to.equal(1);
    expect(err).to.match(/^error: r\.yaml: Unresolved alias/);
  });

  it('point at broken YAML without quoting it', async () => {
    const { code, err } = await cli(['render', 'r.yaml'], {
      files: { 'r.yaml': 'vty:\n  password: hunter2\n bad: [1\n' },
    });

    expect(code).to.equal(1);
    expect(err)
      .to.match(/^r\.yaml:\d+:\d+: error: /)
      .and.not.include('hunter2');
  });

  it('never show a secret', async () => {
    const text = LAN.replace('{}', "{ ospf: { authentication: { type: simple, key: 'far too long a secret' } } }");

    const { code, err } = await cli(['render', 'r.yaml'], { files: { 'r.yaml': text } });

    expect(code).to.equal(1);
    expect(err).to.include('interfaces.eth1.ospf.authentication.key').and.not.include('too long a secret');
  });

  it('name the flag, and once, where the value came from one', async () => {
    const flags = ['--interface', 'eth1', '--network', '10.0.0.0/33'];
    const { err } = await cli(['render', '--router-id', '10.0.0.300', ...flags]);
    const inFile = await cli(['render', 'r.yaml', '--router-id', '10.0.0.300'], { files: { 'r.yaml': LAN } });
    const bgp = ['render', '--protocol', 'bgp', '--router-id', '10.0.0.1', '--network', '10.0.0.0/8'];
    const noNumber = await cli([...bgp, '--asn', '1', '--neighbor', '10.0.0.2']);

    expect(err).to.equal(
      'error: --router-id: is not an IPv4 address\n' +
        'error: --network 10.0.0.0/33: is not a prefix; write it as 10.112.0.0/12 or fd00::/64\n',
    );
    expect(inFile.err).to.equal('error: --router-id: is not an IPv4 address\n');
    expect((await cli([...bgp, '--interface', 'eth1', '--dialect', 'frr'])).err).to.equal('error: --asn: is missing\n');
    expect(noNumber.err).to.equal(
      'error: --neighbor 10.0.0.2: remoteAs: is missing; give an AS number, internal or external\n',
    );
  });

  it('name the field of the file where a flag has nothing to do with it', async () => {
    const text = LAN.replace('{}', '{ ospf: { cost: 70000 } }');

    const { err } = await cli(['render', 'r.yaml', '--area', '0', '--interface', 'eth2'], {
      files: { 'r.yaml': text },
    });

    expect(err).to.equal('r.yaml:5:19: error: interfaces.eth1.ospf.cost: a cost is a whole number from 1 to 65535\n');
  });

  it('say why a file cannot be read', async () => {
    const missing = await cli(['render', '/nonexistent.yaml']);
    const folder = await cli(['diff', 'r.yaml', '--against', '/nonexistent'], { files: { 'r.yaml': LAN } });

    expect(missing.err).to.equal('error: cannot read /nonexistent.yaml: there is no such file\n');
    expect(folder).to.deep.include({
      code: 1,
      err: 'error: cannot read /nonexistent: there is no such file\n',
    });
  });

  it('name a protocol that does not go with the preset', async () => {
    const { code, err } = await cli(['render', 'r.yaml', '--protocol', 'bgp'], { files: { 'r.yaml': LAN } });

    expect([code, err]).to.deep.equal([
      1,
      'error: --protocol bgp does not go with preset lan; leave one of them out\n',
    ]);
  });

  it('cover unknown flags, missing files and missing features with status 1', async () => {
    const flag = await cli(['render', '--colour']);
    const file = await cli(['render', '/nonexistent.yaml']);
    const feature = await cli([
      'render',
      '--protocol',
      'bgp',
      '--router-id',
      '10.0.0.1',
      '--asn',
      '1',
      '--interface',
      'eth1',
      '--container',
      '10.112.0.0/12',
    ]);

    expect([flag.code, file.code, feature.code]).to.deep.equal([1, 1, 1]);
    expect(feature.err).to.include('Quagga has no BGP unnumbered');
  });
});

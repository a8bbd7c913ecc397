import { expect } from 'chai';
import { unknownVariables } from '../../src/cli/serve-command.ts';
import { parseServeOptions } from '../../src/serve/serve-options.ts';

const defaults = {
  mtu: 'auto',
  netsock: 'net-routed',
  ipamsock: 'ipam-routed',
  pluginDir: '/run/docker/plugins',
  stateDir: '/var/lib/routed',
  adminSocket: '/run/routed/admin.sock',
  dockerSocket: '/var/run/docker.sock',
  logLevel: 'info',
  logFormat: 'json',
};

describe('parseServeOptions', () => {
  it('places the three sockets in the plugin directory', () => {
    expect(parseServeOptions(defaults).sockets).to.deep.equal({
      routed: '/run/docker/plugins/routed.sock',
      network: '/run/docker/plugins/net-routed.sock',
      ipam: '/run/docker/plugins/ipam-routed.sock',
    });
  });

  it('takes a socket as a name, a file name or a path', () => {
    const { sockets } = parseServeOptions({ ...defaults, netsock: 'blue.sock', ipamsock: '/tmp/red.sock' });

    expect(sockets).to.include({ network: '/run/docker/plugins/blue.sock', ipam: '/tmp/red.sock' });
  });

  it('takes the commands that users of the Go plugin know', () => {
    expect(parseServeOptions({ ...defaults, gateway: '10.200.0.1', mtu: '1500', debug: true })).to.include({
      gateway: '10.200.0.1',
      mtu: 1500,
      logLevel: 'debug',
    });
  });

  it('takes the names of uplinks, each once', () => {
    expect(parseServeOptions({ ...defaults, uplinks: 'eth0,bond0.100,eth0' }).uplinks).to.deep.equal([
      'eth0',
      'bond0.100',
    ]);
    expect(parseServeOptions(defaults)).to.not.have.property('uplinks');
  });

  for (const [text, level] of [
    ['1', 'debug'],
    ['ON', 'debug'],
    ['0', 'info'],
    ['false', 'info'],
    ['', 'info'],
  ] as const) {
    it(`takes ROUTED_DEBUG=${text} as ${level}`, () => {
      expect(parseServeOptions({ ...defaults, debug: text })).to.include({ logLevel: level });
    });
  }

  it('names the variable that a value was taken from', () => {
    const parse = (): unknown =>
      parseServeOptions({ ...defaults, mtu: 'big' }, (key) => (key === 'mtu' ? 'ROUTED_MTU' : undefined));

    expect(parse).to.throw('variable ROUTED_MTU="big" (--mtu): expected a number from 68 to 65535, or auto');
  });

  it('repeats little of a long value', () => {
    expect(() => parseServeOptions({ ...defaults, mtu: '9'.repeat(500_000) })).to.throw(/^.{0,250}$/);
  });

  const wrong: [string, unknown, string][] = [
    ['gateway', '10.200.0', 'option --gateway "10.200.0": expected an IPv4 unicast address'],
    ['gateway', '10.200.0.1/24', 'option --gateway "10.200.0.1/24": expected an IPv4 unicast address'],
    ['gateway', '224.0.0.5', 'option --gateway "224.0.0.5": expected an IPv4 unicast address'],
    ['gateway', '127.0.0.1', 'option --gateway "127.0.0.1": expected an IPv4 unicast address'],
    ['mtu', '67', 'option --mtu "67": expected a number from 68 to 65535, or auto'],
    ['mtu', '65536', 'option --mtu "65536": expected a number from 68 to 65535, or auto'],
    ['mtu', 'big', 'option --mtu "big": expected a number from 68 to 65535, or auto'],
    ['uplinks', 'eth0 eth1', 'option --uplinks "eth0 eth1": expected names of links with commas between them'],
    ['uplinks', 'eth+', 'option --uplinks "eth+": expected names of links'],
    ['uplinks', 'eth0,', 'option --uplinks "eth0,": expected names of links'],
    ['uplinks', 'a-name-of-16-bytes', 'option --uplinks "a-name-of-16-bytes": expected names of links'],
    ['uplinks', '', 'option --uplinks "": expected names of links'],
    ['pluginDir', 'plugins', 'option --plugin-dir "plugins": expected an absolute path'],
    ['stateDir', 'state', 'option --state-dir "state": expected an absolute path'],
    ['adminSocket', 'admin.sock', 'option --admin-socket "admin.sock": expected an absolute path'],
    ['socketGroup', 'net ops', 'option --socket-group "net ops": expected the name or the number of a group'],
    ['debug', 'maybe', 'option --debug "maybe": expected on or off'],
    ['logLevel', 'loud', 'option --log-level "loud": expected debug, info, warn or error'],
    ['logFormat', 'xml', 'option --log-format "xml": expected json or pretty'],
    ['netsock', '', 'option --netsock "": expected a plugin name or the path of a socket'],
  ];
  for (const [key, value, message] of wrong) {
    it(`refuses ${key} ${JSON.stringify(value)}, naming the option and the form`, () => {
      expect(() => parseServeOptions({ ...defaults, [key]: value })).to.throw(message);
    });
  }
});

describe('unknownVariables', () => {
  it('names a mistyped variable with the one that was meant', () => {
    const env = { ROUTED_GATWAY: '10.200.0.1', ROUTED_MTU: '9000', ROUTED_COLOUR: 'red', PATH: '/bin' };

    expect(unknownVariables(env)).to.deep.equal([
      'variable ROUTED_COLOUR is not known to routed-plugin',
      'variable ROUTED_GATWAY is not known to routed-plugin; did you mean "ROUTED_GATEWAY"?',
    ]);
  });
});

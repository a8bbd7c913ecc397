import { expect } from 'chai';
import { isReachedFromElsewhere, webPeersText, webText } from '../../src/serve/web-options.ts';
import { parseServeOptions } from '../../src/serve/serve-options.ts';

const others = {
  ...{ mtu: 'auto', netsock: 'net-routed', ipamsock: 'ipam-routed', pluginDir: '/run/docker/plugins' },
  ...{ stateDir: '/var/lib/routed', adminSocket: '/run/routed/admin.sock', dockerSocket: '/run/docker.sock' },
  ...{ logLevel: 'info', logFormat: 'json' },
};

describe('--web', () => {
  for (const [text, host, port] of [
    ['127.0.0.1:9274', '127.0.0.1', 9274],
    ['[::1]:80', '::1', 80],
    ['0.0.0.0:65535', '0.0.0.0', 65_535],
  ] as const) {
    it(`takes ${text}`, () => {
      expect(webText.parse(text)).to.deep.equal({ host, port, text });
    });
  }

  for (const text of [
    '9274',
    ':9274',
    'localhost:9274',
    '::1:9274',
    '127.0.0.1',
    '127.0.0.1:0',
    '127.0.0.1:70000',
    '[1.2.3.4]:5',
  ]) {
    it(`refuses "${text}" with the form that is meant`, () => {
      expect(() => parseServeOptions({ ...others, web: text })).to.throw(
        `option --web ${JSON.stringify(text)}: expected an address and a port such as 127.0.0.1:9274`,
      );
    });
  }

  it('takes an empty variable, which every managed plugin has, for none', () => {
    expect(parseServeOptions({ ...others, web: '', webPeers: '' })).to.not.have.property('web');
  });

  it('refuses the port of the metrics, and names another one', () => {
    expect(() => parseServeOptions({ ...others, web: '127.0.0.1:9273', metricsPort: '9273' })).to.throw(
      'option --web "127.0.0.1:9273": the metrics have port 9273 (--metrics-port); choose another such as 9274',
    );
  });

  it('is off unless it is asked for', () => {
    expect(parseServeOptions(others)).to.not.have.property('web');
    expect(parseServeOptions(others).webPeers).to.deep.equal([]);
  });

  it('knows which addresses others reach', () => {
    const reached = ['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', '0.0.0.0:1', '10.0.0.1:1', '[::]:1'].filter((text) => {
      const place = webText.parse(text);
      return place !== undefined && isReachedFromElsewhere(place);
    });

    expect(reached).to.deep.equal(['0.0.0.0:1', '10.0.0.1:1', '[::]:1']);
  });
});

describe('--web-peers', () => {
  it('takes URLs of pages, each once', () => {
    expect(webPeersText.parse('http://10.0.0.2:9274,https://h3/routed/,http://10.0.0.2:9274/')).to.deep.equal([
      'http://10.0.0.2:9274/',
      'https://h3/routed/',
    ]);
  });

  for (const text of [
    '10.0.0.2:9274',
    'ftp://h2/',
    'http://user:word@h2/',
    'http://h2/?a=b',
    'http://',
    'file:///etc/passwd',
  ]) {
    it(`refuses ${text}`, () => {
      expect(() => parseServeOptions({ ...others, webPeers: text })).to.throw(
        `option --web-peers ${JSON.stringify(text)}: expected URLs with commas between them, such as http://10.0.0.2:9274`,
      );
    });
  }

  it('refuses more than anybody looks at', () => {
    const many = Array.from({ length: 65 }, (_, index) => `http://h${index}/`).join(',');

    expect(() => parseServeOptions({ ...others, webPeers: many })).to.throw('at most 64');
  });
});

import { expect } from 'chai';
import { isDnsGateError, isPublicName, matchesPattern, parseNamePattern, wildcardWarning } from '../../src/index.ts';

describe('parseNamePattern', () => {
  const good = {
    'api.example.com': 'api.example.com',
    'API.Example.COM.': 'api.example.com',
    '*.example.org': '*.example.org',
    '*.org': '*.org',
    '_dns.example-1.com': '_dns.example-1.com',
    'bücher.example': 'xn--bcher-kva.example',
    '*.bücher.example': '*.xn--bcher-kva.example',
  };
  for (const [text, pattern] of Object.entries(good)) {
    it(`reads ${text}`, () => {
      expect(parseNamePattern(text)).to.equal(pattern);
      expect(parseNamePattern(pattern)).to.equal(pattern);
    });
  }

  const bad = {
    '': 'has an empty label',
    '.': 'has an empty label',
    'a..b': 'has an empty label',
    '.example.com': 'has an empty label',
    '*.': 'has an empty label',
    '*': 'has a wildcard that is not the whole first label',
    'a*.example.com': 'has a wildcard that is not the whole first label',
    'a.*.com': 'has a wildcard that is not the whole first label',
    '*.*.com': 'has a wildcard that is not the whole first label',
    db: 'has one label only',
    '-a.example.com': 'has the label "-a"',
    'a-.example.com': 'has the label "a-"',
    'a b.example.com': 'has the label "a b"',
    'a\0.example.com': 'has an empty label',
    'http://a.example.com': 'has the label "http://a"',
    '10.1.2': 'ends with a number',
    '10.1.2.300': 'ends with a number',
    [`${'a'.repeat(64)}.com`]: 'has a label of 64 characters',
    [`${'a.'.repeat(126)}com`]: 'has 255 characters',
  };
  for (const [text, complaint] of Object.entries(bad)) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))}`, () => {
      expect(() => parseNamePattern(text))
        .to.throw(complaint)
        .and.satisfy((error: unknown) => isDnsGateError(error, 'NAME_INVALID'));
    });
  }
});

describe('a pattern', () => {
  it('stands for its name, or for exactly one more label', () => {
    const matches = (pattern: string, name: string): boolean => matchesPattern(parseNamePattern(pattern), name);

    expect(matches('api.example.com', 'api.example.com')).to.equal(true);
    expect(matches('*.example.com', 'api.example.com')).to.equal(true);
    for (const name of ['example.com', 'a.api.example.com', 'example.com.evil.net', 'xexample.com']) {
      expect(matches('*.example.com', name), name).to.equal(false);
      expect(matches('api.example.com', name), name).to.equal(false);
    }
  });

  it('is warned about when anybody may register what it covers', () => {
    const warned = ['*.com', '*.co.uk', '*.github.io', '*.kawasaki.jp'];
    const fine = ['com.example', '*.example.com', '*.example.co.uk', '*.internal', 'co.uk', '*.s.github.io'];

    for (const text of warned) expect(wildcardWarning(parseNamePattern(text)), text).to.contain('public suffix');
    for (const text of fine) expect(wildcardWarning(parseNamePattern(text)), text).to.equal(undefined);
  });

  it('is of the public DNS, or not', () => {
    for (const name of ['api.example.com', 'a.b.co.uk', 'x.github.io']) expect(isPublicName(name), name).to.equal(true);
    for (const name of ['db.internal', 'host.lan', 'x.corp.local']) expect(isPublicName(name), name).to.equal(false);
  });
});

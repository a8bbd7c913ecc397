import { expect } from 'chai';
import fc from 'fast-check';
import { anyModel } from '../../support/arbitrary/model.ts';
import { goldenNames, renderGolden } from '../../support/golden.ts';
import { renderForQuagga } from '../../support/quagga-model.ts';
import { refusedLines } from '../../support/quagga-nodes.ts';
import { createLookup, readRecorded } from '../../support/recorded.ts';

interface Line {
  readonly daemon: string;
  readonly line: string;
}

/** The configuration lines of a daemon's file. */
function linesOf(file: string, text: string): Line[] {
  if (!file.endsWith('.conf')) return [];
  const daemon = file.replace(/^quagga\/|\.conf$/g, '');
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && line !== '!').map((line) => ({ daemon, line }));
}

/** Every configuration line of the golden Quagga files with the daemon that reads it. */
function renderedLines(): Line[] {
  return goldenNames().flatMap((name) =>
    [...renderGolden(name, 'quagga')].flatMap(([file, text]) => linesOf(file, text)),
  );
}

describe('Quagga syntax, as recorded on Quagga 1.2.3', () => {
  const lookup = createLookup();

  it('has the table of lines tried on both', () => {
    expect(readRecorded().length).to.be.greaterThan(350);
  });

  it('knows a line that Quagga rejects', () => {
    expect(lookup('ospfd', 'timers lsa min-arrival 0')).to.equal('rejected');
    expect(lookup('ospfd', 'ip ospf retransmit-interval 1')).to.equal('rejected');
    expect(lookup('zebra', 'zebra work-queue 7')).to.equal('rejected');
    expect(lookup('bgpd', 'neighbor 10.7.7.7 bfd')).to.equal('rejected');
    expect(lookup('ospf6d', 'ospf6 router-id 10.9.9.9')).to.equal('rejected');
  });

  it('renders no line that Quagga is recorded to reject', () => {
    const rejected = renderedLines().filter(({ daemon, line }) => lookup(daemon, line) === 'rejected');

    expect(rejected).to.deep.equal([]);
  });

  it('renders no such line of any valid model (90 models)', () => {
    let count = 0;
    const lookUp = new Map<string, string>();
    const verdict = ({ daemon, line }: Line): string => {
      const key = `${daemon} ${line}`;
      lookUp.set(key, lookUp.get(key) ?? lookup(daemon, line));
      return lookUp.get(key)!;
    };

    fc.assert(
      fc.property(anyModel, (model) => {
        const lines = renderForQuagga(model)?.files.flatMap(({ name, text }) => linesOf(name, text)) ?? [];
        count += Number(lines.length > 0);
        expect(lines.filter((line) => verdict(line) === 'rejected')).to.deep.equal([]);
      }),
      { numRuns: 90 },
    );

    expect(count, 'models that Quagga can run').to.be.greaterThan(30);
  });

  it('renders few lines that were never tried', () => {
    const unknown = renderedLines().filter(({ daemon, line }) => lookup(daemon, line) === 'not recorded');
    const distinct = [...new Set(unknown.map(({ daemon, line }) => `${daemon}: ${line.replace(/\d[\w.:/]*/g, 'N')}`))];

    expect(distinct.length, distinct.join('\n')).to.be.at.most(46);
  });

  for (const daemon of ['zebra', 'ospfd', 'ospf6d', 'bgpd'])
    it(`renders ${daemon}.conf files that ${daemon} reads whole, each line in the context it is in`, () => {
      const texts = goldenNames().flatMap((name) => renderGolden(name, 'quagga').get(`quagga/${daemon}.conf`) ?? []);

      expect(texts).to.have.length.greaterThan(2);
      for (const text of texts) expect(refusedLines(daemon, text), text).to.deep.equal([]);
    });

  it('reads every line that Quagga was recorded to read, in its context', () => {
    const files = readRecorded().filter(
      ({ quagga, context }) => quagga === 'ok' && /^(interface|router) /.test(context),
    );
    const refused = files
      .map(
        ({ daemon, context, line }) => [daemon, context, line, refusedLines(daemon, `${context}\n ${line}\n`)] as const,
      )
      .filter(([, , , found]) => found.length > 0);

    expect(files).to.have.length.greaterThan(100);
    expect(refused).to.deep.equal([]);
  });

  it('renders such files of any valid model (60 models)', () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const files = renderForQuagga(model)?.files.filter(({ name }) => name.endsWith('.conf')) ?? [];
        for (const { name, text } of files)
          expect(refusedLines(name.replace('.conf', ''), text), text).to.deep.equal([]);
      }),
      { numRuns: 60 },
    );
  });

  const UNREADABLE: [what: string, daemon: string, text: string, refused: string][] = [
    [
      'redistribution ends the address family',
      'bgpd',
      'router bgp 1\n address-family ipv4 unicast\n  redistribute kernel\n exit-address-family\n',
      'exit-address-family',
    ],
    ['a line of an interface in the process', 'ospfd', 'router ospf\n ip ospf cost 7\n', 'ip ospf cost 7'],
    ['a stub area of OSPFv3', 'ospf6d', 'router ospf6\n area 0.0.0.7 stub\n', 'area 0.0.0.7 stub'],
    ['an exit at the top', 'zebra', 'log syslog\nexit\n', 'exit'],
  ];
  for (const [what, daemon, text, line] of UNREADABLE)
    it(`knows a file that ${daemon} does not read whole: ${what}`, () => {
      expect(refusedLines(daemon, text)).to.deep.equal([line]);
    });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { anyModel } from '../../support/arbitrary/model.ts';
import { goldenNames, renderGolden } from '../../support/golden.ts';
import { renderForQuagga } from '../../support/quagga-model.ts';
import { refusedByBgpd } from '../../support/quagga-nodes.ts';
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

    expect(distinct.length, distinct.join('\n')).to.be.at.most(34);
  });

  it('renders bgpd.conf files that bgpd reads whole, each line in the context it is in', () => {
    const files = goldenNames().flatMap((name) =>
      [...renderGolden(name, 'quagga')].filter(([file]) => file === 'quagga/bgpd.conf'),
    );

    expect(files).to.have.length.greaterThan(5);
    for (const [, text] of files) expect(refusedByBgpd(text), text).to.deep.equal([]);
  });

  it('knows a bgpd.conf that bgpd does not read: redistribution ends the address family', () => {
    const text =
      'router bgp 1\n address-family ipv4 unicast\n  redistribute kernel\n  neighbor 10.0.0.2 activate\n exit-address-family\n';

    expect(refusedByBgpd(text)).to.deep.equal(['exit-address-family']);
  });
});

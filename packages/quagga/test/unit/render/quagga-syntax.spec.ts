import { expect } from 'chai';
import { goldenNames, renderGolden } from '../../support/golden.ts';
import { createLookup, readRecorded } from '../../support/recorded.ts';

/** Every configuration line of the golden Quagga files with the daemon that reads it. */
function renderedLines(): { name: string; daemon: string; line: string }[] {
  return goldenNames().flatMap((name) =>
    [...renderGolden(name, 'quagga')].flatMap(([file, text]) => {
      if (!file.endsWith('.conf')) return [];
      const daemon = file.replace(/^quagga\/|\.conf$/g, '');
      const lines = text.split('\n').map((line) => line.trim());
      return lines.filter((line) => line !== '' && line !== '!').map((line) => ({ name, daemon, line }));
    }),
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

  it('renders few lines that were never tried', () => {
    const unknown = renderedLines().filter(({ daemon, line }) => lookup(daemon, line) === 'not recorded');
    const distinct = [...new Set(unknown.map(({ daemon, line }) => `${daemon}: ${line.replace(/\d[\w.:/]*/g, 'N')}`))];

    expect(distinct.length, distinct.join('\n')).to.be.at.most(33);
  });
});

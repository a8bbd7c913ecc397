import { expect } from 'chai';
import { formOf } from '../../output.ts';

describe('formOf', () => {
  const shown = 'NETWORK  MAY ENTER   REFUSED\napps     10.0.0.0/8  17\n';

  it('is kept by other numbers and widths of columns', () => {
    expect('NETWORK  MAY ENTER      REFUSED\napps     10.128.0.0/16  0\n').to.match(formOf(shown));
  });

  it('is not kept by other words, columns or lines', () => {
    for (const other of [
      'NETWORK  MAY ENTER   DENIED\napps     10.0.0.0/8  17\n',
      'NETWORK  MAY ENTER   REFUSED\napps     10.0.0.0/8\n',
      'NETWORK  MAY ENTER   REFUSED\n',
      'NETWORK  MAY ENTER   REFUSED\n\napps     10.0.0.0/8  17\n',
    ])
      expect(other).to.not.match(formOf(shown));
  });

  it('takes an id for any other, and … for anything', () => {
    expect('link vethr0123456789 of 5e0caa11d2f4 (route via 10.1.0.1)\n').to.match(
      formOf('link vethr21c85c94da of d891f2d3789a (…)\n'),
    );
  });

  it('has nothing printed where nothing is shown', () => {
    expect('\n').to.match(formOf(''));
    expect('10.1.0.2 dev eth1\n').to.not.match(formOf(''));
  });
});

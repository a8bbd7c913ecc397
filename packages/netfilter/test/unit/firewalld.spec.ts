import { expect } from 'chai';
import { type CommandRunner, isRejectedByFirewalld } from '../../src/index.ts';

/** What firewalld 1.3.3 puts into its table, in parts. */
const listing = (...ways: readonly string[]): string =>
  [
    'table inet firewalld {',
    '\tchain filter_FORWARD {',
    '\t\ttype filter hook forward priority filter + 10; policy accept;',
    '\t\tct state { established, related } accept',
    '\t\tip6 daddr { ::/96, 2002::/24 } reject with icmpv6 addr-unreachable',
    '\t\tjump filter_FORWARD_ZONES',
    '\t\treject with icmpx admin-prohibited',
    '\t}',
    '\tchain filter_FORWARD_ZONES {',
    ...ways.map((way) => `\t\t${way}`),
    '\t\tgoto filter_FWD_public',
    '\t}',
    '}',
  ].join('\n');
const nft =
  (stdout: string, exitCode = 0): CommandRunner =>
  () =>
    Promise.resolve({ exitCode, stdout, stderr: '' });
const isRejected = (run: CommandRunner): Promise<boolean> => isRejectedByFirewalld(run, 'vethr');

describe('isRejectedByFirewalld', () => {
  it('is true until a policy leads to the links; a zone of theirs is none, nor are single links', async () => {
    expect(await isRejected(nft(listing()))).to.equal(true);
    expect(await isRejected(nft(listing('iifname "vethr*" goto filter_FWD_trusted')))).to.equal(true);
    expect(await isRejected(nft(listing('oifname "vethr0123456789" jump filter_FWD_policy_x')))).to.equal(true);
    expect(await isRejected(nft(listing('oifname "vethr*" jump filter_FWD_policy_to-routed')))).to.equal(false);
  });

  it('is false without firewalld, where it rejects nothing, and without nft', async () => {
    expect(await isRejected(nft('', 1))).to.equal(false);
    expect(await isRejected(nft(listing().replaceAll(/reject with .*/g, 'accept')))).to.equal(false);
    expect(await isRejected(() => Promise.resolve(undefined))).to.equal(false);
  });
});

import { expect } from 'chai';
import { converge } from '../../../src/apply/execute.ts';
import { mergeDaemonsFile } from '../../../src/apply/files.ts';
import { parseConfig } from '../../../src/text/parse.ts';
import type { VtyConnection } from '../../../src/vty/connection.ts';

/** A daemon that knows some lines and never changes its running configuration unless `takes` says so. */
function fakeDaemon(
  initial: string,
  takes: (line: string) => string | undefined,
): VtyConnection & { readonly sent: string[] } {
  let text = initial;
  const sent: string[] = [];
  return {
    sent,
    command: (line) => {
      if (line === 'show running-config') return Promise.resolve({ status: 0, text });
      sent.push(line);
      const next = takes(line);
      if (next !== undefined) text = next;
      return Promise.resolve(
        next === undefined && line.startsWith('redistribute')
          ? { status: 2, text: `% Unknown command: ${line}` }
          : { status: 0, text: '' },
      );
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const desired = new Map([['ospfd' as const, parseConfig('router ospf\n redistribute kernel route-map EXPORT\n')]]);

describe('converge', () => {
  it('sends only what differs and stops when nothing is left', async () => {
    const daemon = fakeDaemon('router ospf\n redistribute kernel\n', (line) =>
      line.startsWith('redistribute') ? 'router ospf\n redistribute kernel route-map EXPORT\n' : undefined,
    );

    const { left } = await converge(new Map([['ospfd', daemon]]), desired);

    expect(left).to.deep.equal([]);
    expect(daemon.sent).to.deep.equal([
      'configure terminal',
      'router ospf',
      'redistribute kernel route-map EXPORT',
      'end',
    ]);
  });

  it('gives up after a few passes and says what was refused', async () => {
    const daemon = fakeDaemon('router ospf\n redistribute kernel\n', () => undefined);

    const { left, refused } = await converge(new Map([['ospfd', daemon]]), desired);

    expect(left).to.have.length(1);
    expect(refused).to.deep.equal([
      {
        line: 'redistribute kernel route-map EXPORT',
        answer: '% Unknown command: redistribute kernel route-map EXPORT',
      },
    ]);
  });
});

describe('mergeDaemonsFile', () => {
  const rendered = 'ospfd=yes\nbgpd=no\nzebra_options="-A 127.0.0.1 -s 90000000"\n';

  it('sets our settings and keeps everything else of the file', () => {
    const found = '# comment\nbgpd=no\nospfd=no\npimd=yes\nzebra_options="  -A 127.0.0.1 -s 90000000"\n#MAX_FDS=1024\n';

    expect(mergeDaemonsFile(found, rendered)).to.equal(
      '# comment\nbgpd=no\nospfd=yes\npimd=yes\nzebra_options="  -A 127.0.0.1 -s 90000000"\n#MAX_FDS=1024\n',
    );
  });

  it('adds what is missing, and is the rendering itself where there is no file', () => {
    expect(mergeDaemonsFile('bgpd=yes\n', rendered)).to.equal(
      'bgpd=no\nospfd=yes\nzebra_options="-A 127.0.0.1 -s 90000000"\n',
    );
    expect(mergeDaemonsFile(undefined, rendered)).to.equal(rendered);
  });
});

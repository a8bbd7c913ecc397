import { execFileSync } from 'node:child_process';

import { expect } from 'chai';

import { isNetnsError, openMonitor, openNetns, openRtnl } from '../../src/index.ts';
import { openNfnetlink, openNfnetlinkMonitor } from '../../src/nfnetlink.ts';
import { failure } from '../support/failure.ts';

const FEW_DESCRIPTORS = new URL('../support/few-descriptors.mjs', import.meta.url).pathname;

describe('what opening rejects with', () => {
  const references = [
    undefined,
    null,
    {},
    'x',
    7,
    { path: '' },
    { path: 7 },
    { pid: '1' },
    { pid: NaN },
    { pid: 1, fd: 2 },
  ];
  for (const reference of references) {
    it(`is a NetnsError for the namespace ${JSON.stringify(reference)}`, async () => {
      const error = await failure(openNetns(reference as never));

      expect(isNetnsError(error, 'INVALID_ARGUMENT'), String(error)).to.equal(true);
    });
  }

  it('is a NetnsError for a descriptor that is not open, or is something else', async () => {
    expect(await failure(openNetns({ pidfd: 999_999 }))).to.include({ name: 'NetnsError', code: 'INVALID_ARGUMENT' });
    expect(await failure(openNetns({ pidfd: 1 }))).to.include({ name: 'NetnsError', code: 'NOT_A_NAMESPACE' });
  });

  it('is a NetnsError for options that are not understood', async () => {
    const monitor = (options: object): Promise<unknown> => openMonitor({ groups: ['link'], ...options });
    const errors = await Promise.all([
      failure(monitor({ receiveBufferBytes: NaN })),
      failure(monitor({ receiveBufferBytes: -1 })),
      failure(monitor({ receiveBuffer: 4096 })),
      failure(monitor({ groups: ['links'] })),
      failure(monitor({ groups: 'link' })),
      failure(monitor({ netns: {} })),
      failure(openMonitor(undefined as never)),
      failure(openRtnl({ lanes: '4' } as never)),
      failure(openRtnl({ lane: 4 } as never)),
      failure(openRtnl({ trace: true } as never)),
      failure(openNfnetlink({ ns: 1 } as never)),
      failure(openNfnetlinkMonitor(0)),
      failure(openNfnetlinkMonitor(7, null as never)),
    ]);

    for (const error of errors) expect(isNetnsError(error, 'INVALID_ARGUMENT'), String(error)).to.equal(true);
    expect(errors[2].message).to.include('did you mean receiveBufferBytes?');
    expect(errors[3].message).to.include('"links" is not one of link, address, route');
  });

  it('is a NetnsError for sysctls of other types', async () => {
    await using netns = await openNetns('current');

    for (const done of [netns.readSysctl(7 as never), netns.writeSysctl('net.ipv4.ip_forward', {} as never)]) {
      expect(await failure(done)).to.include({ name: 'NetnsError', code: 'INVALID_ARGUMENT' });
    }
  });

  it('is a NetnsError when the process has no descriptor left', () => {
    const output = execFileSync('prlimit', ['--nofile=64', process.execPath, FEW_DESCRIPTORS], { encoding: 'utf8' });

    expect(output.trim().split('\n')).to.deep.equal(Array.from({ length: 5 }, () => 'NetnsError FAILED'));
  });
});

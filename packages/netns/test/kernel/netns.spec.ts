import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect } from 'chai';
import koffi from 'koffi';

import { type Netns, type NetnsError, openNetns, openRtnl } from '../../src/index.ts';
import { anonymousNetns } from '../../src/testing/index.ts';
import { failure } from '../support/failure.ts';
import { until } from '../support/until.ts';

/** A process that sleeps in a namespace of its own until it is killed. */
async function spawnInNetns(): Promise<ChildProcess & { pid: number }> {
  const child = spawn('unshare', ['-n', 'sh', '-c', 'echo ready; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child as unknown as ChildProcess & { pid: number };
}

/** Node has no call for it: system call 434, pidfd_open(2). */
function openPidfd(pid: number): number {
  const syscall = koffi.load(null).func('long syscall(long number, long pid, long flags)') as (
    ...args: number[]
  ) => number;
  return syscall(434, pid, 0);
}

const INDEX = new URL('../../src/index.ts', import.meta.url).pathname;

/** Runs a program in a process of its own and returns what it prints. */
function runScript(command: string, args: readonly string[], script: string, ...rest: readonly string[]): string {
  const node = ['--import', 'tsx', '--input-type=module', '--eval', script, ...rest];
  const cwd = new URL('../../../..', import.meta.url).pathname;
  return execFileSync(command, [...args, ...node], { encoding: 'utf8', cwd });
}

function descriptorCount(): number {
  return readdirSync('/proc/self/fd').length;
}

describe('openNetns', () => {
  let child: Awaited<ReturnType<typeof spawnInNetns>>;
  let folder: string;

  before(async () => {
    child = await spawnInNetns();
    folder = mkdtempSync(join(tmpdir(), 'netns-'));
  });

  after(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const inodeOf = (path: string): string => readlinkSync(path).replace(/\D/g, '');

  it('opens the current one', async () => {
    await using netns = await openNetns('current');

    expect(netns.identity.split(':')[1]).to.equal(inodeOf('/proc/self/ns/net'));
  });

  it('opens by process, by path and by pidfd, and tells that they are the same', async () => {
    const file = join(folder, 'mounted');
    writeFileSync(file, '');
    execFileSync('mount', ['--bind', `/proc/${child.pid}/ns/net`, file]);
    const pidfd = openPidfd(child.pid);

    try {
      await using byPid = await openNetns({ pid: child.pid });
      await using byPath = await openNetns({ path: file });
      await using byPidfd = await openNetns({ pidfd });
      await using byProcPath = await openNetns({ path: `/proc/${child.pid}/ns/net` });

      expect(byPid.identity.split(':')[1]).to.equal(inodeOf(`/proc/${child.pid}/ns/net`));
      expect(byPath.identity).to.equal(byPid.identity);
      expect(byPidfd.identity).to.equal(byPid.identity);
      expect(byProcPath.identity).to.equal(byPid.identity);
    } finally {
      closeSync(pidfd);
      execFileSync('umount', [file]);
    }
  });

  it('says which mount propagation is missing for a plain file', async () => {
    const file = join(folder, 'plain');
    writeFileSync(file, '');

    const error = await failure<NetnsError>(openNetns({ path: file }));

    expect(error).to.include({ code: 'NOT_A_NAMESPACE', subject: `path ${file}` });
    expect(error.message).to.match(/propagation rslave/);
  });

  it('refuses namespaces of other kinds, and what is not there', async () => {
    const codes = await Promise.all(
      [
        openNetns({ path: '/proc/self/ns/mnt' }),
        openNetns({ path: '/proc/self/stat' }),
        openNetns({ path: join(folder, 'absent') }),
        openNetns({ path: '/proc/self/stat/net' }),
        openNetns({ pid: 0x3fffffff }),
      ].map(async (done) => (await failure(done)).code),
    );

    expect(codes).to.deep.equal(['NOT_A_NAMESPACE', 'NOT_A_NAMESPACE', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']);
  });

  it('refuses a descriptor that is no process', async () => {
    const fd = openSync('/proc/self/stat', 'r');

    const error = await failure(openNetns({ pidfd: fd }));
    closeSync(fd);

    expect(error).to.include({ code: 'NOT_A_NAMESPACE' });
  });

  it('leaves no descriptor behind, opened or refused', async () => {
    const count = descriptorCount();

    for (let round = 0; round < 5; round++) {
      await (await openNetns({ pid: child.pid })).close();
      await failure(openNetns({ path: '/etc/passwd' }));
      await using netns = await anonymousNetns();
      await (await netns.openRtnl()).close();
    }

    expect(descriptorCount()).to.equal(count);
  });
});

describe('Netns', () => {
  let netns: Netns;

  beforeEach(async () => {
    netns = await anonymousNetns();
  });

  afterEach(() => netns.close());

  it('opens connections inside, while this process stays outside', async () => {
    const before = readlinkSync('/proc/thread-self/ns/net');

    await using rtnl = await netns.openRtnl();

    expect((await rtnl.links.list()).map(({ name }) => name)).to.deep.equal(['lo']);
    expect(readlinkSync('/proc/thread-self/ns/net')).to.equal(before);
  });

  it('opens a connection to the current namespace without a handle', async () => {
    await using here = await openRtnl({ lanes: 1 });

    expect((await here.links.list()).length).to.equal(readdirSync('/sys/class/net').length);
  });

  it('refuses a connection without lanes', async () => {
    expect(await failure(netns.openRtnl({ lanes: 0 }))).to.include({ code: 'INVALID_ARGUMENT' });
  });

  it('reads and writes sysctls inside, in dots and in slashes', async () => {
    const outside = readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8');
    const wanted = outside.trim() === '1' ? '0' : '1';

    await netns.writeSysctl('net.ipv4.ip_forward', wanted);

    expect(await netns.readSysctl('net/ipv4/ip_forward')).to.equal(wanted);
    expect(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8')).to.equal(outside);
  });

  it('reaches sysctls of links whose names contain dots', async () => {
    await using rtnl = await netns.openRtnl();
    await rtnl.links.createVeth({ name: 'eth0.100', ipv4Conf: { rpFilter: 2 }, peer: { name: 'p' } });

    expect(await netns.readSysctl('net/ipv4/conf/eth0.100/rp_filter')).to.equal('2');
    expect(await netns.readSysctl('net.ipv4.conf.eth0/100.rp_filter')).to.equal('2');
  });

  it('says why a sysctl cannot be had', async () => {
    expect(await failure(netns.readSysctl('net.ipv4.nonsense'))).to.include({ code: 'NOT_FOUND' });
    expect(await failure(netns.writeSysctl('net.ipv4.ip_forward', 'maybe'))).to.include({ code: 'INVALID_ARGUMENT' });
    expect(await failure(netns.readSysctl('kernel.hostname'))).to.include({ code: 'INVALID_ARGUMENT' });
  });

  it('refuses everything after close, which may be repeated', async () => {
    await netns.close();
    await netns.close();
    await using other = await openRtnl({ lanes: 1 });

    expect(await failure(netns.openRtnl())).to.include({ code: 'CLOSED' });
    expect(await failure(netns.readSysctl('net.ipv4.ip_forward'))).to.include({ code: 'CLOSED' });
    expect(await failure(other.links.createVeth({ name: 'x', peer: { name: 'y', netns } }))).to.include({
      code: 'CLOSED',
    });
  });

  it('keeps its descriptor until the requests that use it are done', async () => {
    await using here = await anonymousNetns();
    await using rtnl = await here.openRtnl();
    await using inside = await netns.openRtnl();

    const creating = rtnl.links.createVeth({ name: 'a0', peer: { name: 'eth0', netns } });
    await Promise.all([netns.close(), creating]);

    expect(await inside.links.get({ name: 'eth0' })).to.have.property('kind', 'veth');
  });

  it('is freed when handle and connections are closed', async () => {
    await using here = await anonymousNetns();
    await using rtnl = await here.openRtnl();
    const inside = await netns.openRtnl();
    await rtnl.links.createVeth({ name: 'a0', peer: { name: 'eth0', netns } });
    await netns.close();
    expect(await rtnl.links.get({ name: 'a0' })).not.to.equal(undefined);

    await inside.close();

    await until(async () => (await rtnl.links.get({ name: 'a0' })) === undefined, 'the peer goes with its namespace');
  });

  it('leaves the threads of the pool in the namespace of the process', async () => {
    const own = readlinkSync('/proc/self/ns/net');
    await Promise.all(Array.from({ length: 20 }, () => netns.readSysctl('net.ipv4.ip_forward')));
    await Promise.all(Array.from({ length: 20 }, () => stat('/')));

    const namespaces = readdirSync('/proc/self/task').map((task) => readlinkSync(`/proc/self/task/${task}/ns/net`));
    const seenByPool = await readFile('/proc/thread-self/net/dev', 'utf8');

    expect(new Set(namespaces)).to.deep.equal(new Set([own]));
    expect(seenByPool.split('\n').length).to.equal(readFileSync('/proc/self/net/dev', 'utf8').split('\n').length);
  });
});

describe('a process without privileges', () => {
  it('can look around its own namespace, and is told what it lacks for another', () => {
    const script = `
      import { openNetns, openRtnl } from '${INDEX}';
      const rtnl = await openRtnl();
      const own = await openNetns('current');
      console.log((await rtnl.links.get({ name: 'lo' })).isLoopback, await own.readSysctl('net.ipv4.ip_forward') !== '');
      const refusals = [rtnl.links.set({ name: 'lo' }, { mtuBytes: 1500 }), openNetns({ path: process.argv[1] }).then((other) => other.openRtnl())];
      for (const { reason } of await Promise.allSettled(refusals)) console.log(reason.code);
    `;
    const file = join(mkdtempSync(join(tmpdir(), 'netns-')), 'net');
    writeFileSync(file, '');
    execFileSync('unshare', ['-n', 'mount', '--bind', '/proc/self/ns/net', file]);
    // Still root, so that it may read a checkout that is root's alone.
    const unprivileged = ['--clear-groups', '--inh-caps=-all', '--bounding-set=-all', process.execPath];

    try {
      const output = runScript('setpriv', [...unprivileged], script, file);

      expect(output).to.equal('true true\nEPERM\nNOT_PERMITTED\n');
    } finally {
      execFileSync('umount', [file]);
      rmSync(dirname(file), { recursive: true });
    }
  });
});

describe('a process whose first pool task comes right after it entered a namespace', () => {
  it('has its pool outside', () => {
    const script = `
      import { readFile, readlink } from 'node:fs/promises';
      import { anonymousNetns } from '${new URL('../../src/testing/index.ts', import.meta.url).pathname}';
      const netns = await anonymousNetns();
      const rtnl = await netns.openRtnl();
      const reads = Array.from({ length: 8 }, () => readlink('/proc/thread-self/ns/net'));
      await Promise.all([rtnl.links.list(), netns.readSysctl('net.ipv4.ip_forward'), ...reads]);
      console.log(new Set(await Promise.all(reads)).size, (await reads[0]) === (await readlink('/proc/self/ns/net')));
    `;

    const output = runScript(process.execPath, [], script);

    expect(output).to.equal('1 true\n');
  });
});

import { expect } from 'chai';
import { DROP_IN } from '../../src/fix/drop-in.ts';
import type { FixTarget } from '../../src/fix/fix-target.ts';
import type { Fix } from '../../src/fix/fix.ts';
import type { Change } from '../../src/fix/fix-log.ts';
import type { UndoLog } from '@routed/store';
import { repair, undo } from '../../src/fix/repair.ts';

const KEY = 'net/ipv4/ip_forward';
const forward: Fix = { kind: 'sysctl', key: KEY, value: '1' };
const file: Fix = { kind: 'file', path: '/etc/a.conf', text: 'managed=0\n', then: 'reload a' };

/** A host, and what is remembered of it, in memory. */
function memory(found: Record<string, string>, texts: Record<string, string> = {}) {
  const [sysctls, files] = [new Map(Object.entries(found)), new Map(Object.entries(texts))];
  let changes: readonly Change[] = [];
  const log: UndoLog<Change> = {
    load: async () => Promise.resolve(changes),
    save: async (saved) => {
      changes = saved;
      await Promise.resolve();
    },
  };
  const done = async (work: () => unknown): Promise<void> => {
    work();
    await Promise.resolve();
  };
  const target: FixTarget = {
    readSysctl: (key) => Promise.resolve(sysctls.get(key)),
    writeSysctl: (key, value) => done(() => sysctls.set(key, value)),
    readFile: (path) => Promise.resolve(files.get(path)),
    writeFile: (path, text) => done(() => files.set(path, text)),
    removeFile: (path) => done(() => files.delete(path)),
    isServed: () => Promise.resolve(false),
  };
  return { sysctls, files, target, log, written: [], remembered: () => changes };
}

describe("doctor's repairs", () => {
  it('are remembered before they are made, so that a crash in the middle can be undone', async () => {
    const host = memory({ [KEY]: '0' });
    const killed: FixTarget = { ...host.target, writeSysctl: () => new Promise(() => undefined) };

    void repair([forward], { ...host, target: killed });
    await new Promise(setImmediate);
    host.sysctls.set(KEY, '1');
    await undo(host);

    expect(host.sysctls.get(KEY)).to.equal('0');
    expect(host.remembered()).to.deep.equal([]);
  });

  it('made twice are undone to what was found first', async () => {
    const host = memory({ [KEY]: '0' }, { '/etc/a.conf': 'managed=1\n' });

    await repair([forward, file], host);
    await repair([forward, file], host);
    expect([...host.files.keys()]).to.have.members(['/etc/a.conf', DROP_IN]);
    const reports = await undo(host);

    expect(reports.map(({ isDone }) => isDone)).to.deep.equal([true, true, true]);
    expect([...host.sysctls]).to.deep.equal([[KEY, '0']]);
    expect([...host.files]).to.deep.equal([['/etc/a.conf', 'managed=1\n']]);
  });

  it('leave alone what is as wanted, and say what is to be run', async () => {
    const host = memory({ [KEY]: '1' });

    const reports = await repair([file], host);

    expect(reports.map(({ text }) => text)).to.deep.equal([
      '/etc/a.conf: written\n  + managed=0',
      'now run "reload a"',
    ]);
    expect(await repair([file], host)).to.deep.equal([]);
  });

  it('that fail are said to, and stay to be undone when they cannot be put back', async () => {
    const host = memory({ [KEY]: '0' });
    const refusing: FixTarget = {
      ...host.target,
      writeSysctl: (key) => Promise.reject(new Error(`EPERM: ${key}`)),
    };

    const [report] = await repair([forward], { ...host, target: refusing });
    expect(report).to.deep.equal({ isDone: false, text: `${KEY}: 0 -> 1: failed, EPERM: ${KEY}` });

    host.sysctls.set(KEY, '1');
    const reports = await undo({ ...host, target: refusing });
    expect(reports.filter(({ isDone }) => !isDone)).to.have.lengthOf(1);
    expect(host.remembered().map(({ kind }) => kind)).to.deep.equal(['sysctl']);
  });
});

import { openSync, readSync } from 'node:fs';
import { expect } from 'chai';
import { classicLevelFor, nativeModules } from '../../native-modules.ts';

/** The machine that a binary is for. Source: ELF header, e_machine. */
function machineOf(file: string): number {
  const header = Buffer.alloc(20);
  readSync(openSync(file, 'r'), header, 0, header.length, 0);
  expect(header.subarray(0, 4).toString('latin1')).to.equal('\x7fELF');
  return header.readUInt16LE(18);
}

const machines = { x64: 62, arm64: 183 } as const;

describe('the native modules of a package', () => {
  for (const arch of ['x64', 'arm64'] as const) {
    it(`has the store's for ${arch}`, () => {
      expect(machineOf(classicLevelFor(arch))).to.equal(machines[arch]);
    });
  }

  it('has both for this machine', () => {
    const machine = machines[process.arch as keyof typeof machines];

    expect(Object.values(nativeModules()).map(machineOf)).to.deep.equal([machine, machine]);
  });

  it('refuses a machine that there is nothing for', () => {
    expect(() => classicLevelFor('mips')).to.throw('linux-mips');
  });
});

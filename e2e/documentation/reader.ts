import type { CommandResult } from '@routed/lab';
import { expect } from 'chai';
import type { TypedLine } from '../../tools/documentation/commands.ts';
import { formOf } from '../../tools/documentation/output.ts';
import { eventually } from '../support/eventually.ts';
import { attendanceOf } from './attendance.ts';
import type { Running, Shell } from './shell.ts';

const shownWithinMs = 60_000;
const toldOfFailure = 3_000;

/**
 * Types a line of a page. It has to end with 0, or with the exit status that its comment begins with, and to print what
 * the page shows.
 */
export async function typeLine(shell: Shell, line: TypedLine): Promise<void> {
  const attendance = attendanceOf(line.text);
  switch (attendance?.kind) {
    case undefined:
      expectEnd(line, await shell.run(line.text));
      break;
    case 'terminal': {
      const result = await shell.runOnTerminal(line.text, attendance.types);
      expectEnd(line, result);
      expect(result.stdout).to.match(attendance.shows);
      break;
    }
    case 'watching':
      await watch(await shell.start(line.text, `watched-${line.line}`), attendance.shows);
      break;
    case 'serving':
      await shell.serve(line.text);
  }
}

function expectEnd({ comment, output }: TypedLine, { exitCode, stdout, stderr }: CommandResult): void {
  const said = `${stderr}${stdout}`.slice(-toldOfFailure);
  expect(exitCode, said).to.equal(Number(/^exit status (\d+)/.exec(comment)?.[1] ?? 0));
  if (output !== null) expect(said).to.match(formOf(output));
}

async function watch(program: Running, shown: RegExp): Promise<void> {
  try {
    await eventually(async () => {
      expect(await program.log()).to.match(shown);
    }, shownWithinMs);
    expect(program.hasExited).to.equal(false);
  } finally {
    await program.stop();
  }
}

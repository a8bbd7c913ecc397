import { expect } from 'chai';
import type { TypedLine } from '../../tools/documentation/commands.ts';
import { eventually } from '../support/eventually.ts';
import type { CloneShell } from './clone-shell.ts';
import type { Conversation } from './conversation.ts';

const answerMs = 20_000;

/** Starts Node's debugger, and sets the breakpoint that the page shows at the line of the compiled file. */
export async function attach(shell: CloneShell, line: TypedLine, lineNumber: string): Promise<Conversation> {
  const conversation = shell.start(line.text);
  await untilShown(conversation, /connecting to .* ok[^]*debug> $/);
  const [, breakpoint = ''] = /^debug> (.*)$/m.exec(line.output ?? '') ?? [];
  conversation.type(breakpoint.replace('LINE', lineNumber));
  await untilShown(conversation, new RegExp(`^>${lineNumber} .*const joining`, 'm'));
  return conversation;
}

/** Runs a line that the debugger stops, looks at what the page names, and continues. */
export async function runStopped(shell: CloneShell, line: TypedLine, conversation: Conversation): Promise<void> {
  const running = shell.run(line.text);
  await untilShown(conversation, /break in .*endpoint-lifecycle/);
  conversation.type('exec JSON.stringify(endpoint)');
  await untilShown(conversation, /"networkId":/);
  conversation.type('cont');

  const { exitCode, stdout, stderr } = await running;

  expect(exitCode, stderr).to.equal(0);
  expect(stdout).to.match(/inet 10\.1\./);
  conversation.type('.exit');
}

async function untilShown(conversation: Conversation, shown: RegExp): Promise<void> {
  await eventually(async () => {
    expect(await conversation.log()).to.match(shown);
  }, answerMs);
}

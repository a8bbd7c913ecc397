// What a program sends to netlink, as strace shows it.
import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';

/** The messages of a trace: strace shows a buffer as lines of hexadecimal numbers with their text beside them. */
function messagesOf(trace) {
  const lines = trace.split('\n').filter((line) => line.startsWith(' | '));
  const dumps = [];
  for (const line of lines) {
    if (line.startsWith(' | 00000 ')) dumps.push('');
    dumps[dumps.length - 1] += line.slice(10, 59).replaceAll(' ', '');
  }
  return dumps.map((hex) => Buffer.from(hex, 'hex')).filter(({ length }) => length >= 16);
}

/** The last message of one of `types` that `command` sends in a new namespace, its sequence number zeroed. */
export function sentBy(command, types, ...straceOptions) {
  const strace = ['-n', 'strace', '-e', 'trace=sendmsg', '-e', 'write=all', ...straceOptions, ...command];
  const { stderr } = spawnSync('unshare', strace, { encoding: 'utf8' });
  const message = messagesOf(stderr).findLast((bytes) => types.includes(bytes.readUInt16LE(4)));
  if (message === undefined) throw new Error(`${command.join(' ')} sent nothing: ${stderr.split('\n').at(-3)}`);
  message.writeUInt32LE(0, 8);
  return message.toString('hex');
}

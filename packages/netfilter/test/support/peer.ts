import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ProgramNamespace } from './namespace.ts';

/** One end of a TCP connection, in a namespace. */
export interface Peer {
  /** Resolves once the connection is open. */
  connected(): Promise<void>;
  /** Sends FIN, closes, or resets; resolves once that is done. */
  end(how: 'finish' | 'close' | 'reset'): Promise<void>;
  /** Resolves once the process is gone, and has sent its last packets: they would make the kernel track it anew. */
  kill(): Promise<void>;
}

/** Accepts one connection at a port; with an address, connects to that instead. Resolves once a listener listens. */
export async function openPeer(namespace: ProgramNamespace, port: number, address?: string): Promise<Peer> {
  const program = [
    'perl',
    `${import.meta.dirname}/tcp-peer.pl`,
    String(port),
    ...(address === undefined ? [] : [address]),
  ];
  const child = spawn('nsenter', ['--net', '-t', String(namespace.pid), ...program]);
  const lines = createInterface({ input: child.stdout });
  const said = new Set<string>();
  lines.on('line', (line) => said.add(line));
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const hear = async (word: string): Promise<void> => {
    while (!said.has(word)) {
      await Promise.race([once(lines, 'line'), once(lines, 'close')]);
      if (!said.has(word) && child.exitCode !== null) throw new Error(`no "${word}": ${stderr}`);
    }
  };
  if (address === undefined) await hear('listening');
  return {
    connected: () => hear('connected'),
    async end(how) {
      child.stdin.write(`${how}\n`);
      await hear(how);
    },
    async kill() {
      const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await gone;
    },
  };
}

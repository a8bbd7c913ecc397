// Records what wg(8) sends for WireGuard links, into wireguard.json beside this file. Needs root, strace and wireguard-tools.
//   node record-wireguard.mjs
// No kernel with WireGuard is needed: a copy of wg asks for the family "nlctrl", which every kernel has and which refuses the
// message. Its number, 16, stands for that of the family.
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sentBy } from './sent.mjs';

const folder = mkdtempSync(join(tmpdir(), 'record-wireguard-'));
const keyFile = (byte) => {
  const path = join(folder, `key-${byte}`);
  writeFileSync(path, `${keyOf(byte)}\n`);
  return path;
};
const keyOf = (byte) => Buffer.alloc(32, byte).toString('base64');
const COMMANDS = {
  device: ['set', 'wg0', 'listen-port', '51820', 'fwmark', '0x1234', 'private-key', keyFile(0x41)],
  peer: [
    ...['set', 'wg0', 'peer', keyOf(1), 'preshared-key', keyFile(0x42), 'endpoint', '192.0.2.7:51821'],
    ...['persistent-keepalive', '25', 'allowed-ips', '10.0.0.0/8,fd00::/16,192.0.2.9/32'],
  ],
  peerIpv6: ['set', 'wg0', 'peer', keyOf(2), 'endpoint', '[2001:db8::7]:51821', 'persistent-keepalive', 'off'],
  peers: ['set', 'wg0', 'peer', keyOf(3), 'allowed-ips', '10.3.0.0/16', 'peer', keyOf(4), 'allowed-ips', '10.4.0.0/16'],
  remove: ['set', 'wg0', 'peer', keyOf(5), 'remove'],
};

const patched = join(folder, 'wg');
const program = readFileSync('/usr/bin/wg');
const name = program.indexOf('\0wireguard\0');
if (name < 0) throw new Error('wg has its family under another name');
program.fill(0, name + 1, name + 10).write('nlctrl', name + 1);
writeFileSync(patched, program);
chmodSync(patched, 0o755);
const GENL_ID_CTRL = 16;

const recorded = Object.fromEntries(
  Object.entries(COMMANDS).map(([title, args]) => {
    const hex = sentBy([patched, ...args], [GENL_ID_CTRL], '-e', 'trace=sendto');
    const command = ['wg', ...args.map((word) => (word.startsWith(folder) ? 'FILE' : word))].join(' ');
    return [title, { command, hex }];
  }),
);
// Keys that are made of others.
const publicKey = execFileSync('wg', ['pubkey'], { input: keyOf(0x41), encoding: 'utf8' }).trim();
recorded.publicKey = {
  command: `echo ${keyOf(0x41)} | wg pubkey`,
  hex: Buffer.from(publicKey, 'base64').toString('hex'),
};
rmSync(folder, { recursive: true });
writeFileSync(new URL('wireguard.json', import.meta.url), `${JSON.stringify(recorded, undefined, 2)}\n`);

import { isLittleEndian } from '../codec/writer.ts';
import { NETCONFA, NETCONFA_IFINDEX_ALL, NETCONFA_IFINDEX_DEFAULT, RTM } from '../uapi/rtnetlink.ts';

/** Classic BPF: load a word, load a half word, jump if equal, return. Source: linux uapi bpf_common.h. */
const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const JUMP_EQUAL = 0x15;
const RETURN = 0x06;

/** In `struct nlmsghdr`. */
const TYPE_AT = 4;
/** The first attribute behind `struct netconfmsg`: its type, and what it holds. The kernel writes the index first. */
const ATTRIBUTE_TYPE_AT = 22;
const INDEX_AT = 24;

const ALL_BYTES = 0xffff_ffff;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/**
 * A program for a socket's filter: of settings it takes those of `all` and `default`, and not those of single links, of which
 * the kernel reports four when a link comes and four when it goes. It takes everything else.
 *
 * Source: linux net/ipv4/devinet.c `inet_netconf_fill_devconf`.
 */
export function settingsFilter(): Uint8Array {
  const program: readonly Instruction[] = [
    [LOAD_HALF, 0, 0, TYPE_AT],
    [JUMP_EQUAL, 1, 0, loaded(RTM.NEWNETCONF, 2)],
    [JUMP_EQUAL, 0, 5, loaded(RTM.DELNETCONF, 2)],
    [LOAD_HALF, 0, 0, ATTRIBUTE_TYPE_AT],
    [JUMP_EQUAL, 0, 3, loaded(NETCONFA.IFINDEX, 2)],
    [LOAD_WORD, 0, 0, INDEX_AT],
    [JUMP_EQUAL, 1, 0, loaded(NETCONFA_IFINDEX_ALL, 4)],
    [JUMP_EQUAL, 0, 1, loaded(NETCONFA_IFINDEX_DEFAULT, 4)],
    [RETURN, 0, 0, ALL_BYTES],
    [RETURN, 0, 0, 0],
  ];
  return encode(program);
}

/** What a load makes of a number of the machine: loads take the byte order of networks. */
function loaded(value: number, bytes: 2 | 4): number {
  const view = new DataView(new ArrayBuffer(4));
  if (bytes === 2) view.setUint16(0, value, isLittleEndian);
  else view.setUint32(0, value >>> 0, isLittleEndian);
  return bytes === 2 ? view.getUint16(0) : view.getUint32(0);
}

/** Source: linux uapi filter.h `struct sock_filter`. */
function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(program.length * 8));
  const view = new DataView(bytes.buffer);
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    const at = index * 8;
    view.setUint16(at, code, isLittleEndian);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, value, isLittleEndian);
  }
  return bytes;
}

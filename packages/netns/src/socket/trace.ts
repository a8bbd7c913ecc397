import { decodeAck } from '../codec/ack.ts';
import { type NetlinkMessage, attributes } from '../codec/reader.ts';
import { errnoName } from '../sys/errno.ts';
import { familyHeaderLength } from '../uapi/family-header.ts';
import { NLMSG_DONE, NLMSG_ERROR } from '../uapi/netlink.ts';
import { RTM } from '../uapi/rtnetlink.ts';

const typeNames = new Map<number, string>(Object.entries(RTM).map(([name, type]) => [type, `RTM_${name}`]));

/** One line for a message: type, sequence, flags, family header and attributes in hexadecimal. */
export function describeMessage(message: NetlinkMessage): string {
  const { type, flags, sequence, payload } = message;
  const start = `seq=${sequence} flags=0x${flags.toString(16)}`;
  if (type === NLMSG_ERROR || type === NLMSG_DONE) {
    const { errno, message: text = '' } = decodeAck(message);
    return `${type === NLMSG_DONE ? 'DONE' : 'ACK'} ${start} ${errno === 0 ? 'ok' : `${errnoName(errno)} ${text}`}`;
  }
  const length = familyHeaderLength(type);
  const header = hex(payload.subarray(0, length));
  let line = `${typeNames.get(type) ?? `type ${type}`} ${start} ${header}`;
  for (const [attribute, bytes] of attributes(payload, length)) line += ` ${attribute}=${hex(bytes)}`;
  return line;
}

/** Without a copy: a dump has a hundred attributes a row. */
function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

import { endianness } from 'node:os';
import { begin, die, end, phaseOf } from './steps.mjs';

const NETLINK_ROUTE = 0;
const AF_NETLINK = 16;
/** Requests of rtnetlink come in fours: new, delete, get, set. Source: linux uapi rtnetlink.h. */
const GET = 2;
const NFNL_MSG_BATCH_BEGIN = 16;

const NAMES = ['new', 'delete', 'get', 'set'];
const KINDS = ['link', 'address', 'route', 'neighbour', 'rule'];

const isLittleEndian = endianness() === 'LE';
/** The protocol of each netlink socket, by descriptor. */
const protocols = new Map();

/**
 * Makes every netlink message that changes something a step. Several messages in one system call are several steps: to die
 * between them, only those before are sent.
 */
export function watchNetlink(koffi) {
  const load = koffi.load;
  koffi.load = (...names) => {
    const library = load(...names);
    return { func: (prototype) => watched(prototype, library.func(prototype)) };
  };
}

function watched(prototype, native) {
  if (prototype.startsWith('int socket(')) return watchedSocket(native);
  if (prototype.startsWith('intptr_t send(')) return watchedSend(native);
  return native;
}

function watchedSocket(native) {
  return (domain, type, protocol) => {
    const fd = native(domain, type, protocol);
    if (domain === AF_NETLINK && fd >= 0) protocols.set(fd, protocol);
    return fd;
  };
}

function watchedSend(native) {
  const send = (fd, buffer, length, flags) => {
    const numbers = enter(fd, buffer, (bytes) => native(fd, bytes, bytes.length, flags));
    const sent = native(fd, buffer, length, flags);
    numbers.forEach(end);
    return sent;
  };
  send.async = (fd, buffer, length, flags, callback) => {
    const numbers = enter(fd, buffer, (bytes) => native(fd, bytes, bytes.length, flags));
    native.async(fd, buffer, length, flags, (error, result) => {
      numbers.forEach(end);
      callback(error, result);
    });
  };
  return send;
}

/** Begins the steps that these bytes are; dies among them, once those before are sent. */
function enter(fd, buffer, sendNow) {
  const parts = changesIn(fd, buffer);
  for (const [index, { start, end: behind, name }] of parts.entries()) {
    const phase = phaseOf(name, index);
    const cut = phase === 'before' ? start : behind;
    if (phase === undefined || cut === 0 || cut === buffer.length) continue;
    sendNow(buffer.subarray(0, cut));
    die(`${phase} ${name}`);
  }
  return parts.map(({ name }) => begin(name));
}

/** The messages that change something, and where they are. A batch of nfnetlink is one: the kernel takes all of it or nothing. */
function changesIn(fd, buffer) {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  const isRoute = protocols.get(fd) === NETLINK_ROUTE;
  if (!isRoute) {
    const isBatch = view.getUint16(4, isLittleEndian) === NFNL_MSG_BATCH_BEGIN;
    return isBatch ? [{ start: 0, end: buffer.length, name: 'nftables: batch' }] : [];
  }
  const parts = [];
  for (let start = 0; start < buffer.length; start += view.getUint32(start, isLittleEndian)) {
    const type = view.getUint16(start + 4, isLittleEndian) - 16;
    if (type % 4 === GET) continue;
    const name = `netlink: ${NAMES[type % 4]} ${KINDS[Math.floor(type / 4)] ?? type}`;
    parts.push({ start, end: start + view.getUint32(start, isLittleEndian), name });
  }
  return parts;
}

/** A file of an archive. */
export interface TarFile {
  /** With folders before it; at most 100 bytes. */
  readonly name: string;
  readonly content: Buffer;
}

/** Source: POSIX.1-2017 pax, "ustar Interchange Format". */
const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const FIELDS = {
  mode: 100,
  user: 108,
  group: 116,
  size: 124,
  time: 136,
  checksum: 148,
  type: 156,
  magic: 257,
} as const;
const REGULAR_FILE = '0';
const PRIVATE_MODE = 0o600;
const CHECKSUM_BYTES = 8;

/**
 * An archive of files as tar(1) reads it. Pure.
 *
 * @param modifiedSec when, in seconds of Unix time
 * @throws RangeError for a name that is too long
 */
export function tarOf(files: readonly TarFile[], modifiedSec: number): Buffer {
  const blocks = files.flatMap(({ name, content }) => {
    const padding = Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES);
    return [headerOf(name, content.length, modifiedSec), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function headerOf(name: string, sizeBytes: number, modifiedSec: number): Buffer {
  if (Buffer.byteLength(name) > NAME_BYTES) throw new RangeError(`name ${name} is longer than ${NAME_BYTES} bytes`);
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (at: number, digits: number, value: number): unknown =>
    header.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  header.write(name, 0);
  octal(FIELDS.mode, 7, PRIVATE_MODE);
  octal(FIELDS.user, 7, 0);
  octal(FIELDS.group, 7, 0);
  octal(FIELDS.size, 11, sizeBytes);
  octal(FIELDS.time, 11, modifiedSec);
  header.fill(' ', FIELDS.checksum, FIELDS.checksum + CHECKSUM_BYTES);
  header.write(REGULAR_FILE, FIELDS.type, 'latin1');
  header.write('ustar\x0000', FIELDS.magic, 'latin1');
  octal(
    FIELDS.checksum,
    6,
    header.reduce((sum, byte) => sum + byte, 0),
  );
  header.writeUInt8(0, FIELDS.checksum + 6);
  return header;
}

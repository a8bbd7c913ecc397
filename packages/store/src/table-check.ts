import { maskedCrc32c } from './crc32c.ts';

// Source: leveldb doc/table_format.md.
const FOOTER_BYTES = 48;
const MAGIC = 0xdb47_7524_8b80_fb57n;
/** Type of compression and checksum, behind each block. */
const TRAILER_BYTES = 5;
const UNCOMPRESSED = 0;

/**
 * Where a table of LevelDB is damaged, or undefined. LevelDB itself checks no checksums unless it is told to, which
 * classic-level offers no way for.
 *
 * One without an end is what a crash left of a compaction; if it is part of the database LevelDB says so.
 */
export function findTableDamage(table: Buffer): number | undefined {
  const footer = table.length - FOOTER_BYTES;
  if (footer < 0 || table.readBigUInt64LE(table.length - 8) !== MAGIC) return undefined;
  const reader = new HandleReader(table, footer);
  // The one names the filter, the other the blocks of records.
  const indexes = [reader.handle(), reader.handle()];
  const damaged = indexes.find((block) => !isSound(table, block));
  if (damaged !== undefined) return Math.min(damaged.offset, footer);
  return indexes.flatMap((index) => blocksOf(table, index)).find((block) => !isSound(table, block))?.offset;
}

interface Block {
  readonly offset: number;
  readonly size: number;
}

function isSound(table: Buffer, { offset, size }: Block): boolean {
  if (offset + size + TRAILER_BYTES > table.length) return false;
  return maskedCrc32c(table.subarray(offset, offset + size + 1)) === table.readUInt32LE(offset + size + 1);
}

/** The blocks that an index names; none for one that is compressed, as this daemon writes none. */
function blocksOf(table: Buffer, { offset, size }: Block): Block[] {
  if (table.readUInt8(offset + size) !== UNCOMPRESSED) return [];
  const restarts = table.readUInt32LE(offset + size - 4);
  const end = offset + size - 4 - 4 * restarts;
  const reader = new HandleReader(table, offset);
  const blocks: Block[] = [];
  while (reader.offset < end) {
    reader.varint();
    const unsharedBytes = reader.varint();
    reader.varint();
    reader.offset += unsharedBytes;
    blocks.push(reader.handle());
  }
  return blocks;
}

class HandleReader {
  readonly #table: Buffer;
  offset: number;

  constructor(table: Buffer, offset: number) {
    this.#table = table;
    this.offset = offset;
  }

  handle(): Block {
    return { offset: this.varint(), size: this.varint() };
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#table[this.offset++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}

import { maskedCrc32c } from './crc32c.ts';

/** Source: leveldb doc/log_format.md. */
const BLOCK_BYTES = 32_768;
const HEADER_BYTES = 7;
const LAST_RECORD_TYPE = 4;

/**
 * Where a journal of LevelDB is damaged, or undefined. LevelDB itself would leave out what follows and say nothing.
 *
 * A journal that merely ends early is whole: what was being written when power failed was promised to nobody. So
 * damage is a record that does not pass, with one after it that does.
 */
export function findJournalDamage(journal: Buffer): number | undefined {
  let offset = 0;
  while (offset < journal.length) {
    const blockLeft = BLOCK_BYTES - (offset % BLOCK_BYTES);
    const length = blockLeft < HEADER_BYTES ? blockLeft : soundRecordLength(journal, offset);
    if (length === undefined) return hasRecordAfter(journal, offset) ? offset : undefined;
    offset += length;
  }
  return undefined;
}

/** The length of the record at this place, with its header; undefined if none is there, or it is damaged. */
function soundRecordLength(journal: Buffer, offset: number): number | undefined {
  if (offset + HEADER_BYTES > journal.length) return undefined;
  const type = journal.readUInt8(offset + 6);
  const length = HEADER_BYTES + journal.readUInt16LE(offset + 4);
  const isPossible = type > 0 && type <= LAST_RECORD_TYPE && length <= BLOCK_BYTES - (offset % BLOCK_BYTES);
  if (!isPossible || offset + length > journal.length) return undefined;
  const content = journal.subarray(offset + HEADER_BYTES - 1, offset + length);
  return maskedCrc32c(content) === journal.readUInt32LE(offset) ? length : undefined;
}

/** A damaged length says nothing of where the next record is, so every place is tried. */
function hasRecordAfter(journal: Buffer, offset: number): boolean {
  for (let next = offset + 1; next < journal.length; next++) {
    if (soundRecordLength(journal, next) !== undefined) return true;
  }
  return false;
}

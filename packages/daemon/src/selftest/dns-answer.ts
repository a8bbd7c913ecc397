/** Source: RFC 1035 section 4.1.1. */
const HEADER_BYTES = 12;
const FLAGS = { answer: 0x8180, noSuchName: 0x8183 } as const;
/** Type A and class IN. Source: RFC 1035 section 3.2. */
const TYPE_A = 1;
const CLASS_IN = 1;
/** Of an answer. */
const LIFETIME_SEC = 60;
const QUESTION_TAIL_BYTES = 4;

/**
 * The reply to a question of DNS with one name: its IPv4 addresses, or that there is no such name; other types have no answer. Pure.
 *
 * @returns undefined for what is no question with one name
 */
export function answerQuestion(
  question: Buffer,
  names: Readonly<Record<string, readonly string[]>>,
): Buffer | undefined {
  const asked = readName(question);
  if (asked === undefined || question.readUInt16BE(4) !== 1) return undefined;
  const { name, endsAt } = asked;
  const type = question.readUInt16BE(endsAt);
  const addresses = Object.entries(names).find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1];
  const answers = type === TYPE_A ? (addresses ?? []).map(addressRecord) : [];
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(question.readUInt16BE(0), 0);
  header.writeUInt16BE(addresses === undefined ? FLAGS.noSuchName : FLAGS.answer, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, question.subarray(HEADER_BYTES, endsAt + QUESTION_TAIL_BYTES), ...answers]);
}

function readName(message: Buffer): { readonly name: string; readonly endsAt: number } | undefined {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = message[at];
    // Above 63 it would be compressed, which a question is not.
    if (length === undefined || length > 63) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(message.toString('latin1', at, at + length));
    at += length;
  }
  return at + QUESTION_TAIL_BYTES > message.length ? undefined : { name: labels.join('.'), endsAt: at };
}

/** A record of type A, whose name is that of the question. */
function addressRecord(address: string): Buffer {
  const record = Buffer.alloc(12);
  record.writeUInt16BE(0xc0_00 | HEADER_BYTES, 0);
  record.writeUInt16BE(TYPE_A, 2);
  record.writeUInt16BE(CLASS_IN, 4);
  record.writeUInt32BE(LIFETIME_SEC, 6);
  record.writeUInt16BE(4, 10);
  return Buffer.concat([record, Buffer.from(address.split('.').map(Number))]);
}

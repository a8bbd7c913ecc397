/** The characters of six bytes, and the places of each. */
const MAC_LENGTH = 17;
const COLON = 0x3a;

/** Decodes `02:42:0a:00:00:07` in either case; `undefined` for anything else. */
export function parseMac(mac: string): Uint8Array | undefined {
  if (mac.length !== MAC_LENGTH) return undefined;
  const bytes = new Uint8Array(6);
  for (let index = 0; index < 6; index++) {
    const at = 3 * index;
    const byte = hexDigit(mac.charCodeAt(at)) * 16 + hexDigit(mac.charCodeAt(at + 1));
    if (Number.isNaN(byte) || (index < 5 && mac.charCodeAt(at + 2) !== COLON)) return undefined;
    bytes[index] = byte;
  }
  return bytes;
}

/** The value of a digit by its character code; NaN for what is none. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const COLON_HEX = HEX.map((digits) => `:${digits}`);

/** Text of a link-layer address, in lower case: that of all bytes, or of those from `start` to `end`. */
export function formatMac(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = '';
  for (let place = start; place < end; place++) text += (place === start ? HEX : COLON_HEX)[bytes[place] ?? 0] ?? '';
  return text;
}

/** Decodes `02:42:0a:00:00:07` in either case; `undefined` for anything else. */
export function parseMac(mac: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) return undefined;
  return Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16));
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const COLON_HEX = HEX.map((digits) => `:${digits}`);

/** Text of a link-layer address, in lower case: that of all bytes, or of those from `start` to `end`. */
export function formatMac(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = '';
  for (let place = start; place < end; place++) text += (place === start ? HEX : COLON_HEX)[bytes[place] ?? 0] ?? '';
  return text;
}

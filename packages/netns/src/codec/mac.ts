/** Decodes `02:42:0a:00:00:07` in either case; `undefined` for anything else. */
export function parseMac(mac: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) return undefined;
  return Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16));
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Text of a link-layer address, in lower case. */
export function formatMac(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += `${text === '' ? '' : ':'}${HEX[byte]}`;
  return text;
}

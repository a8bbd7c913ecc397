import { isIP } from 'node:net';
import { z } from 'zod';

/** Where the page is served. */
export interface WebPlace {
  /** An address of this host. */
  readonly host: string;
  readonly port: number;
  /** As the operator wrote it. */
  readonly text: string;
}

/** A page is asked every few seconds while somebody looks at ours. */
const MOST_PEERS = 64;
const PLACE_FORM = 'expected an address and a port such as 127.0.0.1:9274 or [::1]:9274';
const PEERS_FORM = 'expected URLs with commas between them, such as http://10.0.0.2:9274,http://10.0.0.3:9274';

/** `127.0.0.1:9274`. Empty: none, for a managed plugin has every variable. */
export const webText: z.ZodType<WebPlace | undefined, string> = z.string().transform((text, context) => {
  if (text === '') return undefined;
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = Number(digits);
  const isAddress = bracketed === undefined ? isIP(host) === 4 : isIP(host) === 6;
  if (!isAddress || !(port >= 1 && port <= 65_535)) {
    context.addIssue({ code: 'custom', message: PLACE_FORM });
    return z.NEVER;
  }
  return { host, port, text };
});

/** Absent or empty: none. */
export const webPeersText: z.ZodType<string[], string | undefined> = z
  .string()
  .default('')
  .transform((text, context) => {
    const urls = text.split(',').filter((part) => part !== '');
    const pages = urls.map(pageUrl);
    const isRight = pages.every((page) => page !== undefined) && pages.length <= MOST_PEERS;
    if (!isRight)
      context.addIssue({ code: 'custom', message: pages.length > MOST_PEERS ? `at most ${MOST_PEERS}` : PEERS_FORM });
    return [...new Set(pages.flatMap((page) => page ?? []))];
  });

/** With a slash at its end: what a page reads is below it. */
function pageUrl(text: string): string | undefined {
  if (!URL.canParse(text.trim())) return undefined;
  const url = new URL(text.trim());
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '') {
    return undefined;
  }
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}

/** Whether others than users of this host reach it. */
export function isReachedFromElsewhere({ host }: WebPlace): boolean {
  return host !== '::1' && !host.startsWith('127.');
}

import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type Koa from 'koa';

/**
 * Nothing but what this server itself has, no script or style in the document, and no text that becomes markup by mistake.
 *
 * Source: W3C Content Security Policy Level 3, Trusted Types.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/**
 * Lets through who may read the page: by GET or HEAD, of this host by an address or its own name, and no page of another
 * site. A site whose name leads here after the browser has read it (DNS rebinding) asks for its own name.
 */
export function guard(): Koa.Middleware {
  const names = new Set(['localhost', hostname().toLowerCase()]);
  return async (ctx, next) => {
    ctx.set(HEADERS);
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.set('Allow', 'GET, HEAD');
      refuse(ctx, 405, 'this page is only read: use GET or HEAD');
    } else if (!isOwnName(ctx.get('Host'), names)) {
      refuse(
        ctx,
        421,
        "ask by an address of this host, or by its own name; a proxy has to send one of these as 'Host'",
      );
    } else if (isOfAnotherSite(ctx)) {
      refuse(ctx, 403, 'pages of other sites may not read this one');
    } else {
      await next();
    }
  };
}

/** Whether a Host header names an address, or one of the names, with or without a port. */
export function isOwnName(header: string, names: ReadonlySet<string>): boolean {
  const host = header.toLowerCase().replace(/:\d+$/, '');
  return names.has(host) || isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

/**
 * Links from elsewhere lead here; what another page loads or asks for does not.
 *
 * Source: W3C Fetch Metadata Request Headers.
 */
function isOfAnotherSite(ctx: Koa.Context): boolean {
  const site = ctx.get('Sec-Fetch-Site');
  const isNavigation = ctx.get('Sec-Fetch-Mode') === 'navigate' && ctx.get('Sec-Fetch-Dest') === 'document';
  return site !== '' && site !== 'same-origin' && site !== 'none' && !isNavigation;
}

function refuse(ctx: Koa.Context, status: number, text: string): void {
  ctx.status = status;
  ctx.body = { error: { code: 'REFUSED', message: text } };
}

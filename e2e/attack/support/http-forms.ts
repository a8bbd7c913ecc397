import { gzipSync } from 'node:zlib';

/** A request that would do something if it were well-formed. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** A way to send it that no server should take for the request itself. */
export interface HttpForm {
  readonly what: string;
  bytes(call: Call): Buffer;
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** The request as clients send it. */
export function wellFormed({ method, path, body }: Call): Buffer {
  const length = Buffer.byteLength(body);
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}

/** With another first line. */
function line(what: string, first: (call: Call) => string): HttpForm {
  const rest = (body: string): string => `\r\nHost: x\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  return { what, bytes: (call) => latin1(`${first(call)}${rest(call.body)}${call.body}`) };
}

/** With other headers than the length of the body, and perhaps another body. */
function headers(what: string, lines: (call: Call) => string, body = (call: Call) => call.body): HttpForm {
  const bytes = (call: Call): Buffer =>
    latin1(
      `${call.method} ${call.path} HTTP/1.1\r\nHost: x\r\n${lines(call)}\r\nConnection: close\r\n\r\n${body(call)}`,
    );
  return { what, bytes };
}

/** With another body, of the length that it says. */
function body(what: string, make: (call: Call) => string | Buffer): HttpForm {
  const bytes = (call: Call): Buffer => {
    const content = Buffer.from(make(call));
    const head = `${call.method} ${call.path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${content.length}\r\n`;
    return Buffer.concat([latin1(`${head}Connection: close\r\n\r\n`), content]);
  };
  return { what, bytes };
}

const lengthOf = ({ body: text }: Call): string => `Content-Length: ${text.length}`;
const chunked = ({ body: text }: Call): string => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

/** Every way that is tried. */
export const HTTP_FORMS: readonly HttpForm[] = [
  line('the method GET', ({ path }) => `GET ${path} HTTP/1.1`),
  line('the method TRACE', ({ path }) => `TRACE ${path} HTTP/1.1`),
  line('the method CONNECT', () => 'CONNECT example.org:80 HTTP/1.1'),
  line('a method in small letters', ({ method, path }) => `${method.toLowerCase()} ${path} HTTP/1.1`),
  line('a path that climbs', ({ method, path }) => `${method} /x/..${path} HTTP/1.1`),
  line('a path with a NUL', ({ method, path }) => `${method} ${path}\0 HTTP/1.1`),
  line('a path that is no path', ({ method, path }) => `${method} ${path.slice(1)} HTTP/1.1`),
  line('a path with half an escape', ({ method, path }) => `${method} ${path}%E0%A4 HTTP/1.1`),
  line('version 3.0', ({ method, path }) => `${method} ${path} HTTP/3.0`),
  line('the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  line('a path of 9 KB', ({ method, path }) => `${method} ${path}?${'x'.repeat(9_000)} HTTP/1.1`),
  headers('a length and chunks', (call) => `${lengthOf(call)}\r\nTransfer-Encoding: chunked`, chunked),
  headers('two lengths', (call) => `${lengthOf(call)}\r\nContent-Length: 2`),
  headers('a negative length', () => 'Content-Length: -5'),
  headers('a length in hexadecimal', ({ body: text }) => `Content-Length: 0x${text.length.toString(16)}`),
  headers('a length beyond all numbers', () => `Content-Length: ${'9'.repeat(40)}`),
  headers('a length of a gigabyte', () => `Content-Length: ${2 ** 30}`),
  headers(
    'chunks of a length that is none',
    () => 'Transfer-Encoding: chunked',
    (call) => `zz\r\n${call.body}\r\n0\r\n\r\n`,
  ),
  headers(
    'a chunk beyond all numbers',
    () => 'Transfer-Encoding: chunked',
    (call) => `${'F'.repeat(17)}\r\n${call.body}`,
  ),
  headers('a coding of nobody', () => 'Transfer-Encoding: nonsense', chunked),
  headers('a space before the colon', ({ body: text }) => `Content-Length : ${text.length}`),
  headers('a NUL in a header', (call) => `${lengthOf(call)}\r\nX: a\0b`),
  headers('a header over two lines', (call) => `${lengthOf(call)}\r\nX: a\r\n\tContent-Length: 2\r\n: b`),
  headers('a header without a colon', (call) => `${lengthOf(call)}\r\nnonsense`),
  headers('ten thousand headers', (call) => `${lengthOf(call)}\r\n${'x: y\r\n'.repeat(10_000)}z: z`),
  headers('a length that is one short', ({ body: text }) => `Content-Length: ${text.length - 1}`),
  headers('an expectation of nobody', (call) => `${lengthOf(call)}\r\nExpect: the unexpected`),
  body('a compressed body', (call) => gzipSync(call.body)),
  body('a body in UTF-16', (call) => Buffer.from(call.body, 'utf16le')),
  body('something behind the body', (call) => `${call.body}x`),
  body('two bodies', (call) => call.body + call.body),
  body('half a body', (call) => call.body.slice(0, -3)),
  body('a body in a list', (call) => `[${call.body}]`),
  body('a body in a text', (call) => JSON.stringify(call.body)),
  body('a body in the prototype', (call) => `{"__proto__":${call.body}}`),
  body('a body in the constructor', (call) => `{"constructor":{"prototype":${call.body}}}`),
  body('a body 100,000 levels deep', (call) => `${'['.repeat(100_000)}${call.body}${']'.repeat(100_000)}`),
  body('a body of a megabyte', (call) => call.body + ' '.repeat(2 ** 20)),
  body('a body as a form', ({ body: text }) => `body=${encodeURIComponent(text)}`),
  body('bytes that are no text', () => Buffer.from('fffec0af00ed9f', 'hex')),
  body('no body', () => ''),
];

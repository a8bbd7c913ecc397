import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { AddressPage, AddressStory, PeerMatches } from '../../src/shape/addresses.ts';
import type { Overview } from '../../src/shape/overview.ts';
import { MOST_CLIENTS } from '../../src/server/live-feed.ts';
import { FakeHost, type ServedPage, servePage } from '../support/fake-host.ts';

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('the page', () => {
  let host: FakeHost;
  let page: ServedPage;

  beforeEach(async () => {
    host = new FakeHost(30);
    page = await servePage(host);
  });
  afterEach(() => page.close());

  /** Without the manners of fetch: any method, any Host. */
  async function raw(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
    return await new Promise((resolve, reject) => {
      const call = request(new URL(path, page.url), { method, headers, agent: false }, (reply) => {
        text(reply).then((body) => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body }), reject);
      });
      call.on('error', reject);
      call.end();
    });
  }

  async function json<T>(path: string): Promise<T> {
    return JSON.parse((await raw(path)).body) as T;
  }

  /** Reads what is told until something of it matches. */
  async function toldUntil(pattern: RegExp, meanwhile: (told: string) => void = () => undefined): Promise<string> {
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      request(new URL('api/live', page.url), { agent: false }, resolve).on('error', reject).end();
    });
    let told = '';
    for await (const chunk of reply) {
      told += String(chunk);
      meanwhile(told);
      if (pattern.test(told)) break;
    }
    reply.destroy();
    return told;
  }

  it('allows nothing from elsewhere, and nothing in the document', async () => {
    const { status, headers, body } = await raw('/');

    expect(status).to.equal(200);
    const policy = String(headers['content-security-policy']);
    expect(policy).to.include("default-src 'none'").and.include("frame-ancestors 'none'");
    expect(policy).to.not.match(/unsafe|https?:|\*|data:/);
    expect(headers).to.include({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    expect(headers).to.not.have.property('access-control-allow-origin');
    expect(body).to.not.match(/<style|style=|<script(?![^>]*src=)|\son\w+=|https?:/);
  });

  it('has no resource of another host in any of its files', async () => {
    for (const file of ['style.css', 'client/main.js', 'client/drawing.js', 'client/address-list.js']) {
      const { status, body } = await raw(file);

      expect(status, file).to.equal(200);
      expect(body, file).to.not.match(/url\(|https?:\/\/(?!www\.w3\.org\/2000\/svg)|innerHTML/);
    }
  });

  it('is asked for again, and sent again only when it changed', async () => {
    const { headers } = await raw('client/main.js');

    const again = await raw('client/main.js', { 'If-None-Match': String(headers.etag) });

    expect(again).to.include({ status: 304, body: '' });
  });

  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    it(`only reads: it refuses ${method}`, async () => {
      const { status, headers } = await raw('api/overview', {}, method);

      expect(status).to.equal(405);
      expect(headers.allow).to.equal('GET, HEAD');
    });
  }

  for (const name of ['evil.example', 'evil.example:9274', '127.0.0.1.evil.example', 'localhost.evil.example']) {
    it(`refuses who asks for "${name}": a name that leads here after it led elsewhere`, async () => {
      expect(await raw('api/overview', { Host: name })).to.include({ status: 421 });
    });
  }

  for (const name of ['127.0.0.1', '10.0.0.1:9274', '[::1]:9274', 'localhost:80', 'LOCALHOST']) {
    it(`answers who asks for ${name}`, async () => {
      expect(await raw('api/overview', { Host: name })).to.include({ status: 200 });
    });
  }

  it('is not read by pages of other sites; a link from one leads here', async () => {
    const image = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' };
    const link = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };

    expect(await raw('api/overview', image)).to.include({ status: 403 });
    expect(await raw('/', link)).to.include({ status: 200 });
  });

  it('serves no file but its own', async () => {
    for (const path of [
      '/../package.json',
      '/client/../../package.json',
      '/%2e%2e/package.json',
      '/client/',
      '/nothing',
    ]) {
      expect(await raw(path), path).to.include({ status: 404 });
    }
  });

  it('looks at the host once a second, however many ask', async () => {
    const before = host.reports;

    const answers = await Promise.all(Array.from({ length: 20 }, () => json<Overview>('api/overview')));

    expect(host.reports - before).to.equal(1);
    expect(answers[0]).to.include({ schemaVersion: 1, host: 'h1', version: '0.1.0' });
    expect(answers[0]?.totals).to.include({ endpoints: 30, announced: 30 });
  });

  it('shows what doctor found before what the daemon notes', async () => {
    const finding = {
      severity: 'broken',
      found: 'forwarding is off',
      why: 'packets stop',
      remedy: 'switch it on',
    } as const;
    host.checks = [{ id: 'forwarding-ipv4', title: 'forwarding is on', findings: [finding] }];

    const told = await toldUntil(/forwarding is off/);

    const overviews = told.split('\n').filter((line) => line.startsWith('data: {'));
    const last = JSON.parse(overviews.at(-1)!.slice('data: '.length)) as Overview;
    expect(last.problems.map(({ severity }) => severity)).to.deep.equal(['broken', 'note']);
    expect(last).to.include({ problemCount: 1 });
  });

  it('pages through addresses', async () => {
    const { total, rows } = await json<AddressPage>('api/addresses?q=web-1&offset=1&limit=2');

    expect(total).to.equal(11);
    expect(rows.map(({ container }) => container)).to.deep.equal(['web-10', 'web-11']);
  });

  it('tells of one address, and why a text is none', async () => {
    expect(await json<AddressStory>('api/addresses/10.1.0.2')).to.include({ container: 'web-0', connections: 3 });

    const refused = await raw('api/addresses/nonsense');
    expect(refused.status).to.equal(400);
    expect(refused.body).to.include('nonsense is not an IP address');
  });

  it('tells what happens, to those who follow, as long as they do', async () => {
    const told = await toldUntil(/event: events\n/, (soFar) => {
      if (soFar.includes('event: overview') && host.journal.items.length === 0) host.setAnnounced(4, false);
    });

    expect(told).to.include('"container":"web-4"');
    while (host.journal.listeners > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(host.refused.listeners).to.equal(0);
  });

  it('lets only so many follow', async () => {
    const open = await Promise.all(
      Array.from({ length: MOST_CLIENTS }, () =>
        fetch(new URL('api/live', page.url)).then(({ status, body }) => ({ status, body })),
      ),
    );

    const further = await raw('api/live');

    expect(open.map(({ status }) => status)).to.deep.equal(Array.from({ length: MOST_CLIENTS }, () => 200));
    expect(further).to.include({ status: 503 });
    expect(further.headers['retry-after']).to.equal('10');
    for (const { body } of open) await body?.cancel();
  });

  it('shows other hosts, and which of them do not answer', async () => {
    const other = await servePage(new FakeHost(12));
    const gone = await servePage(new FakeHost(1));
    gone.close();
    page.close();
    page = await servePage(host, { peers: [other.url, gone.url] });

    const told = await toldUntil(/"state":"reachable".*"state":"unreachable"/);
    expect(told).to.include('"endpoints":12').and.include('it does not answer');

    const { peers } = await json<PeerMatches>('api/peers?q=web-11');
    expect(peers[0]).to.include({ total: 1, host: 'h1' });
    expect(peers[1]?.reason).to.include('it does not answer');
    other.close();
  });
});

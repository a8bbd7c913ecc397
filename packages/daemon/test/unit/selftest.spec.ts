import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { throwAwayNetworkId, throwAwayOwner } from '@routed/driver/throw-away';
import { expect } from 'chai';
import { answerQuestion } from '../../src/selftest/dns-answer.ts';
import { prefixesOf } from '../../src/selftest/prefixes.ts';

const RANDOM = 'ab'.repeat(32);

describe('the network of a selftest', () => {
  it('has an id of the form of Docker that says whose it is', () => {
    const id = throwAwayNetworkId(4_194_304, RANDOM);

    expect(id).to.match(/^[0-9a-f]{64}$/);
    expect(throwAwayOwner(id)).to.equal(4_194_304);
  });

  it('is not mistaken for one of Docker', () => {
    expect(throwAwayOwner(RANDOM)).to.equal(undefined);
    expect(throwAwayOwner(throwAwayNetworkId(1, RANDOM).slice(0, 63))).to.equal(undefined);
  });

  it('takes prefixes for documentation, others for another process', () => {
    const [first, second, third] = prefixesOf(33, true);

    expect(first).to.deep.equal({ prefixes: { 4: '192.0.2.16/28', 6: '2001:db8:5e1f:21::/64' }, spare: '192.0.2.30' });
    expect(second?.prefixes[4]).to.equal('198.51.100.16/28');
    expect(third?.prefixes[4]).to.equal('203.0.113.16/28');
    expect(prefixesOf(34, false)[0]).to.deep.equal({ prefixes: { 4: '192.0.2.32/28' }, spare: '192.0.2.46' });
  });
});

describe('the name server of a selftest', () => {
  let server: Socket;
  let resolver: Resolver;

  beforeEach(async () => {
    server = createSocket('udp4');
    server.on('message', (question, { port, address }) => {
      const answer = answerQuestion(question, { 'b.selftest.test': ['192.0.2.17'] });
      if (answer !== undefined) server.send(answer, port, address);
    });
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    resolver = new Resolver({ timeout: 5_000, tries: 2 });
    resolver.setServers([`127.0.0.1:${server.address().port}`]);
  });
  afterEach(() => {
    server.close();
  });

  it('says the address of a name that it knows, in any case', async () => {
    expect(await resolver.resolve4('B.selftest.test')).to.deep.equal(['192.0.2.17']);
  });

  it('says that there is no other name, and no address of IPv6', async () => {
    const codeOf = (asked: Promise<unknown>): Promise<string> =>
      asked.then(String, (error: unknown) => (error as NodeJS.ErrnoException).code ?? '');

    expect(await codeOf(resolver.resolve4('c.selftest.test'))).to.equal('ENOTFOUND');
    expect(await codeOf(resolver.resolve6('b.selftest.test'))).to.equal('ENODATA');
  });

  it('does not answer what is no question', () => {
    const long = Buffer.alloc(20);
    long.writeUInt8(200, 12);

    for (const message of [Buffer.alloc(0), Buffer.alloc(12), Buffer.alloc(13), long])
      expect(answerQuestion(message, {}), message.toString('hex')).to.equal(undefined);
  });
});

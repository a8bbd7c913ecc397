import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { collect, writeBundle } from '../../src/bundle/bundle.ts';
import { redact, REMOVED } from '../../src/bundle/redact.ts';
import { runLong } from '../../src/bundle/run-long.ts';
import { sourcesOf } from '../../src/bundle/sources.ts';
import { tarOf } from '../../src/bundle/tar.ts';

/** What nobody else may read. */
const SECRET = 'hunter2-Qx9';

/** Why something failed. */
const messageOf = (failing: Promise<unknown>): Promise<string> =>
  failing.then(String, (error: unknown) => (error as Error).message);

describe('redact', () => {
  for (const text of [
    `password ${SECRET}`,
    `hostname h1\n password ${SECRET}\nlog file`,
    `enable password 8 ${SECRET}`,
    ` neighbor 10.0.0.1 password ${SECRET}`,
    ` neighbor fd00::1 password ${SECRET} with words`,
    ` ip ospf authentication-key ${SECRET}`,
    ` ip ospf message-digest-key 1 md5 ${SECRET}`,
    ` area 0.0.0.1 virtual-link 10.0.0.1 message-digest-key 1 md5 ${SECRET}`,
    `  key-string ${SECRET}`,
    ` isis password md5 ${SECRET}`,
    `snmp-server community ${SECRET} ro`,
    `{"config":"router bgp 1\\n neighbor 10.0.0.1 password ${SECRET}\\n!"}`,
    `DB_PASSWORD=${SECRET}`,
    `DB_PASS=${SECRET}`,
    `pass: ${SECRET}`,
    `ROUTED_TOKEN="${SECRET} and more"`,
    `export AWS_SECRET_ACCESS_KEY='${SECRET}'`,
    `{"Env":["POSTGRES_PASSWORD=${SECRET}","PATH=/bin"]}`,
    `{"password": "${SECRET}"}`,
    `{"apiKey":"a\\"${SECRET}"}`,
    `{"nested":"{\\"token\\":\\"${SECRET}\\"}"}`,
    `client_secret: ${SECRET}`,
    `Set-Cookie: session=${SECRET}`,
    `curl --token ${SECRET} x`,
    `curl --password=${SECRET} x`,
    `http://proxy:${SECRET}@proxy.example.com:3128`,
    `Authorization: Bearer ${SECRET}`,
    `-----BEGIN RSA PRIVATE KEY-----\n${SECRET}\n-----END RSA PRIVATE KEY-----`,
    `{"key":"-----BEGIN PRIVATE KEY-----\\n${SECRET}\\n-----END PRIVATE KEY-----\\n"}`,
    `-----BEGIN PRIVATE KEY-----\n${SECRET} and the rest was cut`,
  ]) {
    it(`takes the secret out of ${JSON.stringify(text.replaceAll(SECRET, '…'))}`, () => {
      const redacted = redact(text);

      expect(redacted).not.to.contain(SECRET);
      expect(redacted).to.contain(REMOVED);
    });
  }

  for (const token of [
    `ghp_${'a1'.repeat(18)}`,
    `glpat-${'a1'.repeat(10)}`,
    `AKIA${'A1'.repeat(8)}`,
    'xoxb-1234567890-abc',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
  ]) {
    it(`knows ${token.slice(0, 5)}… by its form`, () => {
      expect(redact(`it says ${token} here`)).to.equal(`it says ${REMOVED} here`);
    });
  }

  it('leaves everything else as it is', () => {
    const kept = [
      'router bgp 65001\n neighbor 10.0.0.1 remote-as 65002\n network 10.1.0.0/16',
      '{"id":"abc","addresses":["10.1.0.2"],"container":"web","detail":"drained: by an operator"}',
      'route ok 10.1.0.2/32 dev vethr0123456789 proto 200',
      'https://docs.example.com/path?x=1',
      'the word password in a sentence',
      '{"passes":3,"bypass":true,"compass":"north"}',
      ' set community 65001:100 additive\nbypass: yes',
    ];

    for (const text of kept) expect(redact(text)).to.equal(text);
  });

  it('keeps JSON readable', () => {
    const value = { Labels: { 'com.example.token': SECRET, web: 'yes' }, retries: 3, passwordAttempts: 7 };

    const read = JSON.parse(redact(JSON.stringify(value))) as typeof value;

    expect(read).to.deep.equal({
      Labels: { 'com.example.token': REMOVED, web: 'yes' },
      retries: 3,
      passwordAttempts: REMOVED,
    });
  });
});

describe('a bundle', () => {
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-bundle-'));
  });
  after(async () => {
    await rm(directory, { recursive: true });
  });

  const sources = [{ name: 'versions.txt', read: () => Promise.resolve('1.0.0') }];

  it('is an archive that tar reads', async () => {
    const file = join(directory, 'a.tar');
    const large = 'x'.repeat(1500);

    const files = { 'a/small.txt': 'small', 'a/empty.txt': '', 'a/large.txt': large, 'a/block.txt': 'y'.repeat(512) };
    const list = Object.entries(files).map(([name, text]) => ({ name, content: Buffer.from(text) }));
    await writeFile(file, tarOf(list, 1_795_000_000));

    expect(execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n')).to.deep.equal(
      Object.keys(files),
    );
    for (const [name, text] of Object.entries(files))
      expect(execFileSync('tar', ['-xOf', file, name], { encoding: 'utf8' })).to.equal(text);
  });

  it('refuses a name that does not fit', () => {
    expect(() => tarOf([{ name: 'n'.repeat(101), content: Buffer.alloc(0) }], 0)).to.throw(RangeError);
  });

  it('has no secret of any source, bounds each, and names what is missing', async () => {
    const long = `start ${'.'.repeat(5 * 1024 * 1024)} end`;

    const { contents, files } = await collect([
      { name: 'a.txt', read: () => Promise.resolve(`A_PASSWORD=${SECRET}\nkept`) },
      { name: 'b.txt', read: () => Promise.reject(new Error(`no answer to token=${SECRET}`)) },
      { name: 'c.txt', read: () => Promise.resolve(long) },
    ]);

    expect(Buffer.concat(contents.map(({ content }) => content)).toString()).not.to.contain(SECRET);
    expect(contents.map(({ name }) => name)).to.deep.equal(['a.txt', 'c.txt', 'files.json']);
    expect(files.map(({ missing }) => missing)).to.deep.equal([undefined, `no answer to token=${REMOVED}`, undefined]);
    expect(contents[1]?.content.length).to.equal(4 * 1024 * 1024);
    expect(contents[1]?.content.toString().endsWith(' end')).to.equal(true);
    expect(files[2]?.cutBytes).to.equal(long.length - 4 * 1024 * 1024);
  });

  it('does not write over a file, and says so', async () => {
    const file = join(directory, 'there.tar.gz');
    await writeFile(file, 'mine');

    const message = await messageOf(writeBundle(file, sources));

    expect(message).to.contain(`--output ${file} cannot be written (EEXIST): remove it, or name another file`);
    expect(await readFile(file, 'utf8')).to.equal('mine');
  });

  it('is for nobody else to read', async () => {
    const file = join(directory, 'new.tar.gz');
    const missing = join(directory, 'none/new.tar.gz');
    const message = await messageOf(writeBundle(missing, sources));

    await writeBundle(file, sources);

    expect(message).to.contain('ENOENT');
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    const listed = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' });
    expect(listed).to.match(/^routed-bundle-[^/]+\/versions\.txt\nrouted-bundle-[^/]+\/files\.json\n$/);
  });
});

describe('the sources of a bundle', () => {
  it('say what is not there, on a host with neither plugin nor Docker nor router', async () => {
    const places = { adminSocket: '/no/admin.sock', dockerSocket: '/no/docker.sock', routerDir: '/no/router' };
    const asked = ['metrics.txt', 'docker/version.json', 'options/process.txt', 'router/zebra.txt'];
    const sources = sourcesOf(places).filter(({ name }) => asked.includes(name));

    const { contents, files } = await collect(sources);

    expect(contents.map(({ name }) => name)).to.deep.equal(['files.json']);
    expect(files.map(({ name }) => name)).to.have.members(asked);
    for (const { name, missing } of files) expect(missing, name).to.match(/ENOENT|zebra does not run in \/no\/router/);
  });

  it('have names of their own, which a tar has room for', () => {
    const names = sourcesOf({ adminSocket: '', dockerSocket: '', routerDir: '' }).map(({ name }) => name);

    expect(new Set(names).size).to.equal(names.length);
    expect(Math.max(...names.map(({ length }) => length))).to.be.at.most(32);
  });
});

describe('a program of a bundle', () => {
  it('is heard whatever its exit status, up to a size', async () => {
    const limits = { timeoutMs: 30_000, outputBytes: 4 } as const;

    expect(await runLong(['sh', '-c', 'echo found; exit 1'])).to.equal('found\n');
    expect(await runLong(['sh', '-c', 'echo 123456789'], limits)).to.equal('1234');
  });

  it('that says nothing is named with its complaint', async () => {
    expect(await messageOf(runLong(['sh', '-c', 'echo broken >&2; exit 3']))).to.equal('sh: broken');
    expect(await messageOf(runLong(['sh', '-c', 'exit 3']))).to.equal('sh: it ended with 3');
    expect(await messageOf(runLong(['routed-no-such-program']))).to.contain('ENOENT');
  });
});

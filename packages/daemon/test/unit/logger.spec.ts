import { Writable } from 'node:stream';
import { expect } from 'chai';
import { z } from 'zod';
import { createLogger, isJournal, type LogFormat } from '../../src/ground/logger.ts';

const HOSTILE = 'web\u001b[2J\u009b2K\u202e\u2028\nPROBLEM forged';

describe('the log', () => {
  async function logged(format: LogFormat, fields: object, message: string): Promise<string> {
    const chunks: string[] = [];
    const output = new Writable({
      write: (chunk, _encoding, done) => {
        chunks.push(String(chunk));
        done();
      },
    });
    const logger = await createLogger({ level: 'debug', format, output });
    logger.warn(fields, message);
    await new Promise((resolve) => setImmediate(resolve));
    return chunks.join('');
  }

  for (const format of ['json', 'pretty'] as const) {
    it(`shows names on a terminal as they are (${format})`, async () => {
      const error = Object.assign(new Error(`network ${HOSTILE}`), { network: HOSTILE });

      const text = await logged(format, { [HOSTILE]: HOSTILE, list: [HOSTILE], err: error }, `network ${HOSTILE}`);

      expect(text).to.contain('web\\u001b[2J\\u009b2K\\u202e\\u2028');
      // Colours are the log's own.
      expect(text.replace(/\p{Cc}\[\d+m/gu, '')).to.match(/^[\x20-\x7e\n]+$/);
      expect(text.split('\n').filter((line) => line.startsWith('PROBLEM'))).to.deep.equal([]);
    });
  }

  it('has one line of JSON for a message, which means the same', async () => {
    const line = JSON.parse(await logged('json', { network: HOSTILE }, 'created')) as { readonly network: string };

    expect(line.network).to.equal(HOSTILE);
  });

  it('has its level as a word, and its time in ISO 8601', async () => {
    const line = JSON.parse(await logged('json', {}, 'created')) as Record<string, unknown>;

    expect(line).to.include({ level: 'warn', msg: 'created' });
    expect(line['time']).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(await logged('pretty', {}, 'created')).to.match(/^\[\d\d:\d\d:\d\d\.\d{3}\].*WARN.*created/);
  });

  it('tells the journal its priority, whatever names are in it', async () => {
    const chunks: string[] = [];
    const output = new Writable({
      write: (chunk, _encoding, done) => {
        chunks.push(String(chunk));
        done();
      },
    });
    const logger = await createLogger({ level: 'debug', format: 'json', output, isJournal: true });

    for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]({ level: '<0>\n<0>' }, '<0>');

    expect(chunks.join('').match(/^<\d>\{"level":"\w+"/gm)).to.deep.equal([
      '<7>{"level":"debug"',
      '<6>{"level":"info"',
      '<4>{"level":"warn"',
      '<3>{"level":"error"',
    ]);
  });

  it('is read by the journal where the service manager says so of this very output', () => {
    expect(isJournal('8:1234', { dev: 8, ino: 1234 })).to.equal(true);
    expect(isJournal('8:1234', { dev: 8, ino: 1235 })).to.equal(false);
    expect(isJournal(undefined, { dev: 8, ino: 1234 })).to.equal(false);
  });

  for (const format of ['json', 'pretty'] as const) {
    it(`bounds the texts of an error (${format})`, async () => {
      const long = 'x'.repeat(500_000);
      const error = Object.assign(new Error(long, { cause: new Error(long) }), {
        address: long,
        issues: z.strictObject({}).safeParse({ [long]: 1 }).error?.issues,
      });

      expect((await logged(format, { err: error }, long)).length).to.be.lessThan(30_000);
    });
  }

  it('takes an error that refers to itself, and one that is none', async () => {
    const error: Error & { self?: unknown } = new Error('round');
    error.self = { error };

    expect(await logged('json', { err: error }, 'failed')).to.contain('round');
    expect(await logged('json', { err: 'a text' }, 'failed')).to.contain('a text');
  });
});

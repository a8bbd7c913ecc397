import type { DaemonReport } from '@routed/driver';
import { DAEMON_REPORT_PATH, daemonReport } from '@routed/driver/daemon-report';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { askDaemonFor } from '../admin/admin-client.ts';
import { printTable } from '../terminal/table.ts';
import { clearScreen, say, sayJson } from '../terminal/terminal.ts';
import { COUNTERS_FILE, linkCounters } from './link-counters.ts';
import { type Choice, type Sample, topRows } from './rows.ts';
import { keyMeaning, topCells, topHead } from './text.ts';

/** What is shown, where from, and how often. */
export interface TopSpec extends Choice {
  readonly adminSocket: string;
  readonly intervalSec: number;
  /** One table, measured over one interval, and no more. */
  readonly once: boolean;
  readonly json: boolean;
}

/** The daemon is asked this seldom: names, lists and limits change less than rates, and a host may have thousands. */
const REPORT_MS = 2_000;
const ESCAPE = '\u001b';
/** Lines around the rows. */
const FRAME_LINES = 4;

/** Shows it until a key or a signal ends it. @throws AdminError, RoutedError */
export async function showTop(spec: TopSpec): Promise<void> {
  const ask = (): Promise<DaemonReport> => askDaemonFor(spec.adminSocket, DAEMON_REPORT_PATH, daemonReport);
  const begin = await sample();
  if (spec.once) {
    await sleep(spec.intervalSec * 1000);
    const rows = topRows(await ask(), [begin, await sample()], spec);
    if (spec.json) sayJson({ intervalSec: spec.intervalSec, containers: rows });
    else printTable(topHead(spec.sort), rows.map(topCells));
    return;
  }
  await showLive(spec, ask, begin);
}

async function showLive(spec: TopSpec, ask: () => Promise<DaemonReport>, begin: Sample): Promise<void> {
  let choice: Choice = spec;
  let [before, after] = [begin, begin];
  let report = await ask();
  let askedAtMs = performance.now();
  const ended = new AbortController();
  const draw = (): void => {
    print(topRows(report, [before, after], choice), choice);
  };
  const release = listen((meaning) => {
    if (meaning === 'quit') ended.abort();
    else {
      choice = { ...choice, sort: meaning };
      draw();
    }
  });
  try {
    for (;;) {
      const isOver = await sleep(spec.intervalSec * 1000, false, { signal: ended.signal }).catch(() => true);
      if (isOver) return;
      if (performance.now() - askedAtMs >= REPORT_MS) {
        report = await ask();
        askedAtMs = performance.now();
      }
      [before, after] = [after, await sample()];
      draw();
    }
  } finally {
    release();
  }
}

async function sample(): Promise<Sample> {
  return { counters: linkCounters(await readFile(COUNTERS_FILE, 'utf8')), atMs: performance.now() };
}

/** Hears keys, one by one; returns what gives the terminal back. */
function listen(onKey: (meaning: NonNullable<ReturnType<typeof keyMeaning>>) => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => undefined;
  const onData = (typed: Buffer): void => {
    const text = typed.toString('latin1');
    // Of a key that sends several characters, such as an arrow, none is meant.
    if (text.startsWith(ESCAPE)) return;
    for (const key of text) {
      const meaning = keyMeaning(key);
      if (meaning !== undefined) onKey(meaning);
    }
  };
  stdin.setRawMode(true);
  stdin.on('data', onData);
  return () => {
    stdin.off('data', onData);
    stdin.setRawMode(false);
    stdin.pause();
  };
}

function print(rows: ReturnType<typeof topRows>, { sort, network }: Choice): void {
  clearScreen();
  const where = network === undefined ? '' : ` on ${network}`;
  say(`${rows.length} containers${where}, sorted by ${sort}`);
  say('keys: i in, o out, p packets, r refused, l limit, n name; q ends');
  const lines = process.stdout.rows > FRAME_LINES ? process.stdout.rows - FRAME_LINES : rows.length;
  printTable(topHead(sort), rows.slice(0, lines).map(topCells));
}

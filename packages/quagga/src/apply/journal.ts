import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { QuaggaError } from '../errors.ts';
import { type RenderedFile, VTY_DAEMONS, type VtyDaemon } from '../render/config.ts';
import type { ConfigSection } from '../text/parse.ts';
import type { RunningConfig } from '../vty/running.ts';
import { type FoundFile, replaceFile } from './files.ts';
import type { RouterState } from './router-state.ts';

/** A change that is being made, or that waits to be confirmed: everything that undoes it. Holds secrets. */
export interface Journal {
  /** Unique for each change. */
  readonly id: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** `changing`: by a process that holds the lock. `waiting`: made, and to be confirmed by hand. */
  readonly phase: 'changing' | 'waiting';
  /** Until when it may be confirmed, ISO 8601. */
  readonly confirmBy?: string;
  /** What each daemon said before. */
  readonly before: readonly (readonly [VtyDaemon, readonly (readonly [string, ConfigSection])[]])[];
  /** The files before. */
  readonly found: readonly FoundFile[];
  /** What replaces them. */
  readonly files: readonly RenderedFile[];
  /** What was there before: neighbors, announced routes, known routes. */
  readonly state: RouterState;
  /** The change is made by new files and a restart. */
  readonly restartCommand?: string;
}

const owner = z.object({ uid: z.number(), gid: z.number() });
const section = z.object({ path: z.array(z.string()), lines: z.array(z.string()) });
const journalShape: z.ZodType<Journal> = z.object({
  id: z.string(),
  startedAt: z.iso.datetime(),
  phase: z.enum(['changing', 'waiting']),
  confirmBy: z.iso.datetime().exactOptional(),
  before: z.array(z.tuple([z.enum(VTY_DAEMONS), z.array(z.tuple([z.string(), section]))])),
  found: z.array(
    z.object({
      path: z.string(),
      text: z.string().exactOptional(),
      mode: z.number().exactOptional(),
      owner: owner.exactOptional(),
    }),
  ),
  files: z.array(z.object({ name: z.string(), text: z.string(), mode: z.number() })),
  state: z.object({
    daemons: z.array(z.string()),
    places: z.array(z.string()),
    neighbors: z.array(z.object({ name: z.string(), place: z.string() })),
    announced: z.array(z.object({ what: z.string(), place: z.string(), prefixes: z.array(z.string()) })),
    learnt: z.array(z.object({ prefix: z.string(), origin: z.string(), isInKernel: z.boolean() })),
    deadSec: z.number(),
  }),
  restartCommand: z.string().exactOptional(),
});

const MODE = 0o600;

function pathOf(dir: string): string {
  return join(dir, '.quagga-config.pending');
}

/** @throws {@link QuaggaError} `APPLY_FAILED` when the file is damaged */
export async function readJournal(dir: string): Promise<Journal | undefined> {
  const text = await readFile(pathOf(dir), 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return '';
    throw error;
  });
  if (text === '') return undefined;
  try {
    return journalShape.parse(JSON.parse(text));
  } catch (cause) {
    const message = `${pathOf(dir)} is damaged; compare the router with its files ("quagga-config plan"), then delete it`;
    throw new QuaggaError('APPLY_FAILED', message, { cause });
  }
}

/** Replaces the journal whole, on the disk when it returns. */
export async function writeJournal(dir: string, journal: Journal): Promise<void> {
  await replaceFile(pathOf(dir), JSON.stringify(journal), MODE);
}

export async function removeJournal(dir: string): Promise<void> {
  await rm(pathOf(dir), { force: true });
}

export function newJournal(
  parts: Omit<Journal, 'id' | 'startedAt' | 'phase' | 'before'>,
  before: RunningConfig,
): Journal {
  return {
    ...parts,
    id: randomUUID(),
    startedAt: new Date().toISOString(),
    phase: 'changing',
    before: [...before].map(([daemon, tree]) => [daemon, [...tree]]),
  };
}

export function runningBefore(journal: Journal): RunningConfig {
  return new Map(journal.before.map(([daemon, sections]) => [daemon, new Map(sections)]));
}

/** What an operator has to know of a change that is not finished; undefined: there is none. */
export async function describePending(dir: string): Promise<string | undefined> {
  const journal = await readJournal(dir);
  if (journal === undefined) return undefined;
  const choice = '"quagga-config confirm" keeps it, "quagga-config revert" undoes it';
  if (journal.phase === 'waiting')
    return `a change waits for confirmation until ${journal.confirmBy ?? '?'}; ${choice}`;
  return `a change of ${journal.startedAt} is not finished; "quagga-config revert" undoes it, unless an apply is still running`;
}

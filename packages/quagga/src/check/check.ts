import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { QuaggaError } from '../errors.ts';
import type { DaemonName, RenderedConfig, RenderedFile } from '../render/config.ts';
import { redactText } from '../text/redact.ts';
import { rawPart } from '../text/raw.ts';
import { openDaemons, readRunning, type RunningConfig } from '../vty/running.ts';
import { runCommand } from './command.ts';
import { lostRawLines } from './raw.ts';
import { tooOldFor, withLinks } from './release.ts';
import { openSandbox } from './sandbox.ts';

/** Where the routing suite is installed. */
export interface SuiteOptions {
  /** FRR’s daemons, default /usr/lib/frr; Quagga’s, default /usr/lib/quagga. */
  readonly daemonDir?: string;
  /** For private files, default /tmp. */
  readonly scratchDir?: string;
}

export const DAEMON_DIRS = { frr: '/usr/lib/frr', quagga: '/usr/lib/quagga' } as const;

async function refusal(messages: readonly string[]): Promise<QuaggaError> {
  return new QuaggaError(
    'CHECKER_REFUSED',
    [...messages, ...(await tooOldFor(messages))].map(redactText).join('\n') || 'the daemons reject the configuration',
  );
}

/**
 * Has `vtysh` parse FRR’s integrated file: spelling only, no daemon and no privilege needed, 40 ms.
 * @throws {@link QuaggaError} `CHECKER_REFUSED` or `CHECKER_MISSING`
 */
export async function checkSyntax(text: string, options: SuiteOptions = {}): Promise<void> {
  const dir = await mkdtemp(join(options.scratchDir ?? '/tmp', 'quagga-config-'));
  try {
    await writeFile(join(dir, 'vtysh.conf'), '');
    await writeFile(join(dir, 'candidate.conf'), text, { mode: 0o640 });
    const result = await runCommand('vtysh', ['--config_dir', dir, '-C', '-f', join(dir, 'candidate.conf')]);
    if (result.status !== 0) throw await refusal([`${result.stdout}\n${result.stderr}`.trim()]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * Loads the configuration into real FRR daemons in a throw-away namespace and returns what each makes of it:
 * the one exact statement of what will run. Needs root; about 0.5 s.
 * @throws {@link QuaggaError} `CHECKER_REFUSED` or `CHECKER_MISSING`
 */
export async function tryOnFrr(
  config: RenderedConfig,
  daemons: readonly DaemonName[] = config.daemons,
  options: SuiteOptions = {},
): Promise<RunningConfig> {
  const text = config.files.find((file) => file.name === 'frr.conf')?.text ?? '';
  await using sandbox = await openSandbox({ ...options, daemons });
  const loaded = await sandbox.load(text);
  if (loaded.refused || loaded.messages.length > 0) throw await refusal(loaded.messages);
  await using lines = await openDaemons(sandbox.vtyDir);
  const running = withLinks(await readRunning(lines), text);
  const lost = lostRawLines(rawPart(text), running);
  if (lost.length > 0) throw await refusal(lost);
  return running;
}

/**
 * Has each Quagga daemon test its file (`-C`), in a throw-away namespace: zebra executes what it tests. Needs root.
 * @throws {@link QuaggaError} `CHECKER_REFUSED` or `CHECKER_MISSING`
 */
export async function tryOnQuagga(config: RenderedConfig, options: SuiteOptions = {}): Promise<void> {
  const dir = await mkdtemp(join(options.scratchDir ?? '/tmp', 'quagga-config-'));
  try {
    for (const file of config.files) await testFile(file, dir, options.daemonDir ?? DAEMON_DIRS.quagga);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function testFile(file: RenderedFile, dir: string, daemonDir: string): Promise<void> {
  const program = join(daemonDir, file.name.replace(/\.conf$/, ''));
  await access(program, constants.X_OK).catch((cause: unknown) => {
    throw new QuaggaError(
      'CHECKER_MISSING',
      `${program} is not installed, so nothing can test ${file.name}; install Quagga, name its directory, or skip this check`,
      { cause },
    );
  });
  const path = join(dir, file.name);
  await writeFile(path, file.text, { mode: file.mode });
  const result = await runCommand('unshare', ['--net', '--mount', program, '-C', '-f', path]);
  if (result.status !== 0) throw await refusal([`${file.name}: ${`${result.stdout}\n${result.stderr}`.trim()}`]);
}

/** Tests a rendered configuration with the daemons it is for. */
export async function checkConfiguration(config: RenderedConfig, options: SuiteOptions = {}): Promise<void> {
  if (config.dialect === 'frr') await tryOnFrr(config, config.daemons, options);
  else await tryOnQuagga(config, options);
}

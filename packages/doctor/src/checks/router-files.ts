import { compareWithFile, describePending, isQuaggaError, type SectionDifference } from '@routed/quagga';
import { type Check, defineCheck, type Finding } from '../check.ts';
import { configDirOf } from '../facts/router-facts.ts';

export interface FileState {
  /** What the next start would change. */
  readonly differences: readonly SectionDifference[];
  /** Why the file would not load. */
  readonly refusal?: string;
}

export const routerFileCheck = defineCheck<FileState>({
  id: 'router-file',
  title: "the router's file is what runs",
  read: async (host) => {
    const routers = await host.routers();
    const configDir = configDirOf(routers?.directory);
    const daemons = routers?.daemons ?? [];
    // Of a daemon that does not answer nobody knows what it runs.
    if (routers === undefined || configDir === undefined || daemons.some(({ isRunning }) => !isRunning))
      return { differences: [] };
    const names = daemons.map(({ name }) => name);
    return await compareWithFile(configDir, routers.config, names).then(
      (differences) => ({ differences }),
      (error: unknown) => {
        if (isQuaggaError(error, 'CHECKER_REFUSED')) return { differences: [], refusal: error.message };
        // Without root, or without the daemons of the host, nothing can read the file as they do.
        if (isQuaggaError(error, 'CHECKER_MISSING')) return { differences: [] };
        throw error;
      },
    );
  },
  judge: ({ differences, refusal }) => {
    if (refusal !== undefined) return [unreadable(refusal)];
    if (differences.length === 0) return [];
    return [
      {
        severity: 'warning',
        found: `frr.conf differs from what runs: ${describe(differences)}`,
        why: 'the next start of the router loads the file',
        remedy: 'keep what runs with "vtysh -c \'write memory\'", or correct the file; "quagga-config apply" does both',
      },
    ];
  },
});

const SHOWN = 5;

/** `router ospf: redistribute kernel (only in the file)`. */
function describe(differences: readonly SectionDifference[]): string {
  const all = differences.flatMap(({ path, removed, added }) => {
    const where = path.map((header) => `${header}: `).join('');
    return [
      ...removed.map((line) => `${where}${line} (only running)`),
      ...added.map((line) => `${where}${line} (only in the file)`),
    ];
  });
  const more = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : '';
  return `${all.slice(0, SHOWN).join('; ')}${more}`;
}

function unreadable(refusal: string): Finding {
  return {
    severity: 'warning',
    found: `the routing daemons reject frr.conf: ${refusal}`,
    why: 'after the next start the router lacks these lines',
    remedy: 'correct the file, or keep what runs with "vtysh -c \'write memory\'"',
  };
}

export const pendingChangeCheck = defineCheck<string | undefined>({
  id: 'router-change',
  title: "no change of the router's configuration is unfinished",
  read: async (host) => {
    const configDir = configDirOf((await host.routers())?.directory);
    return configDir === undefined ? undefined : await describePending(configDir);
  },
  judge: (pending) =>
    pending === undefined
      ? []
      : [
          {
            severity: 'warning',
            found: pending,
            why: 'the router and its file differ, and the change may go at any moment',
            remedy: 'run "quagga-config confirm" or "quagga-config revert"',
          },
        ],
});

export const routerFilesChecks: readonly Check[] = [routerFileCheck, pendingChangeCheck];

import { expect } from 'chai';
import type { CommandResult, Host, Lab, LabProcess, Router } from '@routed/lab';
import { z } from 'zod';
import { createNetwork, runIdle } from '../containers.ts';
import { untilAdjacent } from '../adjacency.ts';
import { type Stage } from '../stage.ts';
import { type } from '../shell.ts';
import { routerOf, type RouterChange } from './routing.ts';

/** The host that is examined, all of whose parts run. */
export interface ExaminedHost {
  readonly lab: Lab;
  readonly host: Host;
  readonly router: Router;
  plugin: LabProcess;
  /** Runs a shell script on the host, and returns what it wrote. */
  readonly sh: (script: string) => Promise<string>;
  /** Runs `routed-plugin doctor` as typed. */
  readonly doctor: (options: string, environment?: string) => Promise<CommandResult>;
  /** Starts the plugin again, and waits until it has looked at the kernel. */
  readonly startPlugin: (...flags: readonly string[]) => Promise<void>;
  /** Changes the router's configuration while it runs, or back. */
  readonly route: (...commands: readonly string[]) => Promise<void>;
  /** Starts all routing daemons anew, and waits for the other host. */
  readonly restartRouter: (change?: RouterChange) => Promise<void>;
}

const finding = z.strictObject({
  severity: z.enum(['broken', 'warning', 'note']),
  found: z.string().min(1),
  why: z.string().min(1),
  remedy: z.string().min(1),
  fixes: z
    .array(
      z.union([
        z.strictObject({ kind: z.literal('sysctl'), key: z.string(), value: z.string() }),
        z.strictObject({ kind: z.literal('file'), path: z.string(), text: z.string(), then: z.string() }),
        z.strictObject({ kind: z.literal('stale-socket'), path: z.string() }),
      ]),
    )
    .optional(),
});
const change = z.strictObject({ isDone: z.boolean(), text: z.string().min(1) });
const report = z.strictObject({
  schemaVersion: z.literal(1),
  verdict: z.enum(['fine', 'warnings', 'broken']),
  checks: z.array(z.strictObject({ id: z.string(), title: z.string(), findings: z.array(finding) })),
  changes: z.array(change),
});
const undoReport = z.strictObject({ schemaVersion: z.literal(1), changes: z.array(change) });

/** What `doctor --json` is to print. */
export type Report = z.infer<typeof report>;
export type Finding = z.infer<typeof finding>;

/** What `doctor` says of the host as JSON, and what it ended with. */
export interface Examination {
  readonly report: Report;
  readonly exitCode: number;
  /** The checks that found something. */
  readonly named: readonly string[];
}

/** Has the host examined. */
export async function examine(examined: ExaminedHost, options = '', environment = ''): Promise<Examination> {
  const { stdout, stderr, exitCode } = await examined.doctor(`--json ${options}`, environment);
  expect(stderr).to.equal('');
  const said = report.parse(JSON.parse(stdout));
  return {
    report: said,
    exitCode,
    named: said.checks.filter(({ findings }) => findings.length > 0).map(({ id }) => id),
  };
}

/** Takes back what `--fix` did. */
export async function undo(
  examined: ExaminedHost,
): Promise<{ readonly changes: readonly string[]; readonly exitCode: number }> {
  const { stdout, stderr, exitCode } = await examined.doctor('--undo --json');
  expect(stderr).to.equal('');
  return { changes: undoReport.parse(JSON.parse(stdout)).changes.map(({ text }) => text), exitCode };
}

/** What one check found. */
export function findingsOf({ report: { checks } }: Examination, id: string): readonly Finding[] {
  return checks.find((check) => check.id === id)?.findings ?? [];
}

/** A healthy host: engine, plugin, a network of both families with a container, a router with a neighbor. */
export async function prepareHost(stage: Stage): Promise<ExaminedHost> {
  const { host, lab } = stage;
  const other = await lab.addHost({ engine: 'none', router: '8.4', ipForward: true });
  const [router] = await Promise.all([
    host.startRouter(routerOf('10.112.11.1')),
    other.startRouter(routerOf('10.112.11.2')),
    createNetwork(host, 'apps', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64'),
  ]);
  await runIdle(host, 'web', '--network', 'apps');
  const examined: ExaminedHost = {
    lab,
    host,
    router,
    get plugin() {
      return stage.plugin;
    },
    set plugin(started) {
      stage.plugin = started;
    },
    sh: async (script) => (await host.exec(['sh', '-ec', script])).stdout,
    doctor: (options, environment = '') => type(host, `${environment} routed-plugin doctor ${options}`),
    startPlugin: async (...flags) => {
      examined.plugin = await host.startPlugin({ flags });
    },
    route: async (...commands) => {
      await router.vtysh('configure terminal', ...commands);
    },
    restartRouter: async (changed) => {
      await router.reconfigure(routerOf('10.112.11.1', changed));
      await untilAdjacent(router);
    },
  };
  await examined.sh(
    "mkdir -p /etc/iproute2/rt_protos.d; printf '200\\trouted\\n' > /etc/iproute2/rt_protos.d/routed.conf",
  );
  await untilAdjacent(router);
  return examined;
}

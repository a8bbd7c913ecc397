import { join } from 'node:path';
import { LabError } from './errors.ts';
import type { HostRecord } from './lab-state.ts';
import { enterCommand } from './namespace.ts';
import { systemPath } from './system-path.ts';

const inEngineScript = join(import.meta.dirname, '../scripts/in-engine.sh');

/** Where a host's engine listens, as seen inside the host. */
export const engineSocket = '/run/docker.sock';

/** Runs `argv` inside a host's namespaces. */
export function hostCommand(host: HostRecord, argv: readonly string[]): string[] {
  return enterCommand(host.keeper.pid, argv);
}

/** Runs a program of the host's engine (dockerd, docker): in the mount namespace of its own root, unless the machine itself has it. */
export function engineCommand(host: HostRecord, argv: readonly string[]): string[] {
  if (host.engine === null) throw new LabError('no-engine', `host ${host.name} was made with engine "none"`);
  const enter = [inEngineScript, join(host.directory, 'engine')];
  return hostCommand(host, [...(host.engine.root === null ? [] : enter), ...argv]);
}

/** The host's own Docker client, talking to the host's engine. */
export function dockerCommand(host: HostRecord, args: readonly string[]): string[] {
  return engineCommand(host, ['/usr/bin/docker', ...args]);
}

/** A path of the host, for programs outside it. */
export function pathFromOutside(host: HostRecord, path: string): string {
  return `/proc/${host.keeper.pid}/root${path}`;
}

/** The environment in which programs of a host run: the caller's, less what speaks of the machine's engine. */
export function hostEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    ...withoutDocker(process.env),
    // cron and `su` leave out the sbin folders.
    PATH: `${process.env['PATH'] ?? ''}:${systemPath}`,
    DOCKER_HOST: `unix://${engineSocket}`,
    // Credential helpers and proxies of the caller's client are not for lab containers.
    DOCKER_CONFIG: '/run/docker-cli',
    ...extra,
  };
}

function withoutDocker(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^DOCKER_|_proxy$/i.test(name)));
}

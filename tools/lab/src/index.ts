/** Docker hosts in network, mount, uts and pid namespaces of one machine. */
export { openLab, type HostSpec, type Lab, type LabOptions } from './lab.ts';
export { type Host, type SpawnOptions } from './host.ts';
export { type LabProcess } from './lab-process.ts';
export { type CommandOptions } from './command.ts';
export { type PluginOptions } from './plugin.ts';
export { type EngineInstallation, type EngineRelease } from './engines.ts';
export { CommandError, DockerError, LabError, type CommandResult, type LabErrorCode } from './errors.ts';

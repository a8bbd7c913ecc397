/** Docker hosts in network, mount, uts and pid namespaces of one machine. */
export { openLab, type HostSpec, type Lab, type LabOptions, type LinkSpec } from './lab.ts';
export { type Host, type SpawnOptions } from './host.ts';
export {
  openCluster,
  startCluster,
  type Cluster,
  type ClusterHost,
  type ClusterOptions,
  type ClusterSwitch,
} from './cluster.ts';
export { watchAnswers, type AnswerWatch } from './answer-watch.ts';
export { waitUntil } from './unix-http.ts';
export {
  RollingService,
  rollingNetworks4,
  rollingNetworks6,
  type Replacement,
  type RollingNetworks,
  type RollingOptions,
} from './rolling.ts';
export {
  sumRequests,
  summarizeRequests,
  watchRequests,
  webHealthCheck,
  webMember,
  type RequestFailure,
  type RequestOptions,
  type RequestProblem,
  type RequestReport,
  type RequestWatch,
} from './request-watch.ts';
export { watchRoutes, type RouteChange, type RouteWatch } from './route-watch.ts';
export { type ClusterProtocol, type ClusterTopology, type PlannedLink, type PlannedNode } from './cluster-plan.ts';
export { cacheDirectory, ensureBuilt } from './cache.ts';
export { removeCgroups } from './cgroups.ts';
export { prepareCompose } from './compose.ts';
export { imageTarball } from './image.ts';
export { type LabProcess } from './lab-process.ts';
export { runCommand, type CommandOptions } from './command.ts';
export { checkoutProgram, type PluginOptions } from './plugin.ts';
export { type Router, type RouterConfig, type RouterDaemon } from './router.ts';
export { type FrrInstallation, type FrrRelease } from './routers.ts';
export { type EngineInstallation, type EngineRelease, engineReleases, findEngine } from './engines.ts';
export { CommandError, DockerError, LabError, type CommandResult, type LabErrorCode } from './errors.ts';

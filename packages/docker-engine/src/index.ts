export type {
  Container,
  ContainerControl,
  ContainerDetails,
  ContainerNetwork,
  DockerContainers,
} from './containers.ts';
export { createDockerEngine, type DockerEngine, type DockerEngineOptions } from './docker-engine.ts';
export type { EngineVersion } from './engine-api.ts';
export { DockerError, type DockerErrorCode, isDockerError } from './errors.ts';
export type { EngineEvent } from './event-message.ts';
export type { Clock, EngineNotice, EventOptions, ResyncReason } from './events.ts';
export type { Owner } from './network-endpoints.ts';
export type { DockerAttachment, DockerNetwork, DockerNetworks, DockerSubnet } from './networks.ts';
export type { StartQuestion } from './starting-container.ts';

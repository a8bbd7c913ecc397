export {
  type Container,
  type ContainerNetwork,
  type DockerContainers,
  type Owner,
  dockerContainers,
} from './containers.ts';
export {
  type DockerAttachment,
  type DockerNetwork,
  type DockerNetworks,
  type DockerSubnet,
  dockerNetworks,
} from './networks.ts';
export { type UnixRequest, askUnixServer } from './unix-http.ts';
export { DockerError, type DockerErrorCode, isDockerError } from './errors.ts';
export { isEngineUp } from './containers.ts';

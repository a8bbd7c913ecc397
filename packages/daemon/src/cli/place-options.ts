import { Option } from 'commander';

/** Where Docker looks for plugin sockets. */
export function pluginDirOption(description: string): Option {
  return new Option('--plugin-dir <path>', description).env('ROUTED_PLUGIN_DIR').default('/run/docker/plugins');
}

/** Where the daemon keeps its state. */
export function stateDirOption(description: string): Option {
  return new Option('--state-dir <path>', description).env('ROUTED_STATE_DIR').default('/var/lib/routed');
}

/** Where Docker answers. */
export function dockerSocketOption(description: string): Option {
  return new Option('--docker-socket <path>', description).env('ROUTED_DOCKER_SOCKET').default('/var/run/docker.sock');
}

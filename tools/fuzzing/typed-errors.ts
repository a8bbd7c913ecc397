import { isDatapathError } from '@routed/datapath';
import { isDnsGateError } from '@routed/dns-gate';
import { isDockerError } from '@routed/docker-engine';
import { isDriverError } from '@routed/driver';
import { isIpamError } from '@routed/ipam';
import { isNetfilterError } from '@routed/netfilter';
import { isNetlinkError, isNetnsError } from '@routed/netns';
import { isProtocolError } from '@routed/plugin-protocol';
import { isQuaggaError } from '@routed/quagga';
import { OptionError } from '../../packages/daemon/src/serve/serve-options.ts';
import { RoutedError } from '../../packages/daemon/src/ground/routed-error.ts';

/** Whether an error is one that a package of ours promises. */
export function isTyped(error: unknown): boolean {
  if (error instanceof RoutedError || error instanceof OptionError) return true;
  const guards = [
    isDriverError,
    isDatapathError,
    isDnsGateError,
    isDockerError,
    isProtocolError,
    isIpamError,
    isNetlinkError,
    isNetnsError,
    isNetfilterError,
    isQuaggaError,
  ];
  return guards.some((isOurs) => isOurs(error));
}

/** Runs it, and lets through only what must not happen. */
export function expectTyped(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!isTyped(error)) throw error;
  }
}

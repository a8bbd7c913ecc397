import { execFileSync } from 'node:child_process';

/** The release of the FRR that is installed here, such as `8.4.4`. */
export function frrVersion(): string {
  const output = execFileSync('/usr/lib/frr/zebra', ['--version'], { encoding: 'utf8' });
  return /version (\d+(?:\.\d+)+)/.exec(output)?.[1] ?? 'unknown';
}

/** True of the golden models that use key chains. */
export function needsKeyChains(name: string): boolean {
  return name === 'ospf-hmac' || name === 'ospf-key-lifetimes';
}

/** True when this FRR’s OSPF has key chains. */
export function hasKeyChains(): boolean {
  return Number.parseInt(frrVersion(), 10) >= 10;
}

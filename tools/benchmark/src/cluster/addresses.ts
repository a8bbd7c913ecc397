import type { Cluster } from '@routed/lab';

/** An address of the containers' first IPv4 prefix, which is taken for a /16. */
export function addressIn({ containers }: Cluster, third: number, fourth: number): string {
  const prefix = containers.find((candidate) => !candidate.includes(':'));
  if (prefix === undefined) throw new RangeError('there is no IPv4 prefix for containers');
  return `${prefix.split('.').slice(0, 2).join('.')}.${third}.${fourth}`;
}

import type { Link } from '@routed/netns';
import { didYouMean } from '@routed/text';
import { LINK_GROUP } from '../names/kernel-names.ts';

/**
 * What to say of each uplink that the operator named and that is not there, with the link that was meant if one has nearly that name.
 * It may come later: until then, packets of containers do not leave by it. Pure.
 *
 * @param named by `--uplinks`
 */
export function absentUplinks(
  named: readonly string[],
  links: readonly Pick<Link, 'name' | 'group' | 'isLoopback'>[],
): string[] {
  const candidates = links
    .filter(({ name, group, isLoopback }) => !isLoopback && group !== LINK_GROUP && !named.includes(name))
    .map(({ name }) => name);
  return named
    .filter((name) => links.every((link) => link.name !== name))
    .map((name) => `uplink ${name} (--uplinks) is not there${didYouMean(name, candidates)}`);
}

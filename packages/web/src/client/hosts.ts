import type { Overview, Peer } from '../shape/overview.ts';
import { fill, h, part, table } from './dom.ts';
import { count } from './words.ts';

/** Other hosts, where the operator has named their pages. */
export function showHosts({ peers, host, totals, problemCount, version }: Overview): void {
  const section = part('hosts', HTMLElement);
  section.hidden = peers.length === 0;
  if (peers.length === 0) return;
  const heads = ['Host', 'State', 'Containers', 'Announced', 'Problems', 'Release'];
  const own = [
    h('strong', {}, host),
    h('span', {}, 'this host'),
    count(totals.endpoints),
    count(totals.announced),
    count(problemCount),
    version,
  ];
  fill(section, h('h2', { id: 'hosts-title' }, 'Hosts'), table('Hosts', heads, [own, ...peers.map(rowOf)]));
}

function rowOf({ url, state, reason, host, version, endpoints, announced, problems }: Peer): (Node | string)[] {
  const name = h('a', { href: url, rel: 'noreferrer' }, host ?? url);
  if (state !== 'reachable') {
    const text = state === 'asking' ? 'is asked…' : `unreachable: ${reason ?? 'it does not say why'}`;
    return [name, h('span', { class: state === 'asking' ? 'quiet' : 'bad' }, text), '–', '–', '–', '–'];
  }
  return [
    name,
    h('span', { class: 'good' }, 'reachable'),
    count(endpoints ?? 0),
    count(announced ?? 0),
    h('span', (problems ?? 0) > 0 ? { class: 'bad' } : {}, count(problems ?? 0)),
    version ?? '–',
  ];
}

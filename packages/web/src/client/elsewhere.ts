import type { PeerMatches } from '../shape/addresses.ts';
import { ask } from './api.ts';
import { fill, h, part, table } from './dom.ts';
import { plural } from './words.ts';

let round = 0;

/** What the pages of other hosts know of what is searched for. */
export async function showElsewhere(query: string, hasPeers: boolean): Promise<void> {
  const place = part('elsewhere', HTMLElement);
  round++;
  const own = round;
  if (query === '' || !hasPeers) {
    fill(place);
    return;
  }
  const answer = await ask<PeerMatches>(`peers?q=${encodeURIComponent(query)}`).catch((): PeerMatches => ({
    peers: [],
  }));
  if (own !== round) return;
  const rows = answer.peers.flatMap(({ url, host, rows: found }) =>
    found.map(({ address, container, network, state, reason }) => [
      h('a', { href: `${url}#/address/${encodeURIComponent(address)}`, rel: 'noreferrer' }, address),
      container,
      network,
      h('span', { class: `state-${state}` }, state),
      h('span', { class: 'quiet' }, reason),
      h('span', {}, host),
    ]),
  );
  const silent = answer.peers.filter(({ reason }) => reason !== undefined).map(({ host }) => host);
  const total = answer.peers.reduce((sum, each) => sum + each.total, 0);
  fill(
    place,
    h('h3', {}, `On other hosts: ${plural(total, 'address', 'addresses')}`),
    rows.length > 0 &&
      table('Addresses on other hosts', ['Address', 'Container', 'Network', 'State', 'Why', 'Host'], rows),
    silent.length > 0 && h('p', { class: 'bad' }, `No answer from ${silent.join(', ')}.`),
  );
}

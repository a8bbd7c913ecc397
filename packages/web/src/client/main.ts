import type { LoggedEvent, Refusal } from '../shape/addresses.ts';
import type { Overview } from '../shape/overview.ts';
import { AddressList } from './address-list.ts';
import { ask } from './api.ts';
import { part } from './dom.ts';
import { showDrawing } from './drawing.ts';
import { showElsewhere } from './elsewhere.ts';
import { showHosts } from './hosts.ts';
import { addEvents, addRefusals, forgetLists } from './lists.ts';
import { follow } from './live.ts';
import { showPools } from './pools.ts';
import { showProblems } from './problems.ts';
import { showSpeed } from './speed.ts';
import { StoryView } from './story.ts';
import { count, plural, span } from './words.ts';

const SEARCHED_AFTER_MS = 150;
/** Of what no event tells: names that Docker says later. */
const LISTED_EVERY_MS = 5_000;

const list = new AddressList();
const story = new StoryView();
const query = part('query', HTMLInputElement);
let hasPeers = false;
let lastCounts = '';

function showOverview(overview: Overview): void {
  const { host, version, startedAt, totals, problemCount, peers } = overview;
  hasPeers = peers.length > 0;
  document.title = problemCount === 0 ? `${host} – routed` : `(${problemCount}) ${host} – routed`;
  part('host', HTMLElement).textContent = host;
  setState(`${count(totals.announced)} of ${plural(totals.endpoints, 'container')} announced`);
  const up = span((Date.now() - Date.parse(startedAt)) / 1000);
  part('about', HTMLElement).textContent = `routed-plugin ${version}, up for ${up}. This page only reads.`;
  showProblems(overview);
  showDrawing(overview);
  showPools(overview);
  showSpeed(overview);
  showHosts(overview);
  const counts = JSON.stringify([totals, overview.networks.map(({ sample }) => sample)]);
  if (counts !== lastCounts) list.refresh();
  lastCounts = counts;
}

function setState(text: string, isLost = false): void {
  const state = part('state', HTMLElement);
  // A screen reader says it each time that it is set.
  if (state.textContent !== text) state.textContent = text;
  state.classList.toggle('bad', isLost);
}

async function loadLists(): Promise<void> {
  const [events, refused] = await Promise.all([ask<LoggedEvent[]>('events'), ask<Refusal[]>('refused')]);
  forgetLists();
  addEvents(events);
  addRefusals(refused);
}

function openFromHash(): void {
  const [, address] = /^#\/address\/(.+)$/.exec(location.hash) ?? [];
  story.show(address === undefined ? undefined : decodeURIComponent(address));
}

function search(): void {
  const text = query.value.trim();
  list.search(text);
  void showElsewhere(text, hasPeers);
}

let timer: number | undefined;
query.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(search, SEARCHED_AFTER_MS);
});
query.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowDown') {
    event.preventDefault();
    list.focus();
  }
});
part('search', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  search();
  part('addresses', HTMLElement).scrollIntoView({ block: 'start' });
});
document.addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof HTMLInputElement;
  if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    query.focus();
  }
  if (event.key === 'Escape' && location.hash.startsWith('#/address/')) location.hash = '#/';
});
window.addEventListener('hashchange', openFromHash);

list.search('');
setInterval(() => {
  if (document.visibilityState === 'visible') list.refresh();
}, LISTED_EVERY_MS);
openFromHash();
follow({
  onOverview: showOverview,
  onEvents: (events) => {
    addEvents(events);
    story.onEvents(events);
    list.refresh();
  },
  onRefused: addRefusals,
  onConnected: () => void loadLists().catch(() => undefined),
  onLost: () => setState('routed-plugin does not answer: what is shown is old', true),
});

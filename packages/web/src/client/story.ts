import type { AddressStory, LoggedEvent, Stage } from '../shape/addresses.ts';
import { ask, atMostEvery } from './api.ts';
import { fill, h, part } from './dom.ts';
import { eventItem } from './lists.ts';
import { plural, scaled } from './words.ts';

const MARKS = { ok: 'ok', broken: 'broken', unknown: 'unknown' } as const;
const SHOWN_EVENTS = 100;
const REFRESHED_EVERY_MS = 2_000;

/** What is known of one address: the way from its lease to other hosts, and its life. */
export class StoryView {
  #address: string | undefined;
  readonly #refresh = atMostEvery(REFRESHED_EVERY_MS, () => void this.#ask(false));

  /** Undefined: none any more. */
  show(address: string | undefined): void {
    this.#address = address;
    part('address', HTMLElement).hidden = address === undefined;
    if (address === undefined) return;
    fill(part('address', HTMLElement), ...this.#head(address), h('p', { class: 'quiet' }, 'is looked at…'));
    void this.#ask(true);
  }

  /** Asks again if one of these is about the address. */
  onEvents(events: readonly LoggedEvent[]): void {
    const address = this.#address;
    if (address !== undefined && events.some(({ addresses }) => addresses.includes(address))) this.#refresh();
  }

  async #ask(isNew: boolean): Promise<void> {
    const address = this.#address;
    if (address === undefined) return;
    const section = part('address', HTMLElement);
    const story = await ask<AddressStory>(`addresses/${encodeURIComponent(address)}`).catch(
      (error: unknown) => (error as Error).message,
    );
    if (address !== this.#address) return;
    if (typeof story === 'string') fill(section, ...this.#head(address), h('p', { class: 'bad' }, story));
    else fill(section, ...this.#head(address), ...bodyOf(story));
    if (isNew) document.getElementById('address-title')?.focus();
  }

  #head(address: string): HTMLElement[] {
    return [
      h(
        'div',
        { class: 'bar' },
        h('h2', { id: 'address-title', tabindex: -1 }, address),
        h('a', { href: '#/', class: 'button' }, 'Close'),
      ),
    ];
  }
}

function bodyOf({ container, network, stages, traffic, connections, history }: AddressStory): HTMLElement[] {
  const broken = stages.find(({ state }) => state === 'broken');
  const facts = [
    container !== undefined && `container ${container}`,
    network !== undefined && `network ${network}`,
    connections !== undefined && plural(connections, 'connection'),
    traffic !== undefined && `${scaled(traffic.inBytes, 'B')} in, ${scaled(traffic.outBytes, 'B')} out`,
  ].filter((text) => text !== false);
  const recent = history.slice(-SHOWN_EVENTS).reverse();
  return [
    h('p', {}, facts.join(' · ')),
    h(
      'p',
      { class: broken === undefined ? 'good' : 'bad' },
      broken === undefined ? 'No problem found from this host.' : `It breaks at the ${broken.name}: ${broken.text}.`,
    ),
    h('h3', {}, 'The way to it'),
    h('ol', { class: 'stages' }, ...stages.map(stageOf)),
    h('h3', {}, 'Its life'),
    recent.length === 0
      ? h('p', { class: 'quiet' }, 'Nothing has happened to it since the daemon started.')
      : h('ol', { class: 'events timeline' }, ...recent.map((event) => eventItem(event, false))),
  ];
}

function stageOf({ name, state, text }: Stage): HTMLElement {
  return h(
    'li',
    { class: `stage ${state}` },
    h('strong', {}, name),
    ' ',
    h('span', { class: 'mark' }, MARKS[state]),
    ' ',
    h('span', {}, text),
  );
}

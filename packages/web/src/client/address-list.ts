import type { AddressPage, AddressRow } from '../shape/addresses.ts';
import { ask, atMostEvery } from './api.ts';
import { fill, h, part } from './dom.ts';
import { plural, span } from './words.ts';

/** Rows of one question. */
const PAGE = 100;
/** Pages that are kept: those further away are asked for again. */
const MOST_PAGES = 20;
/** Rows above and below what is seen. */
const SPARE = 8;
const REFRESHED_EVERY_MS = 1_000;
const ROW_WORDS = { announced: 'announced', withdrawn: 'withdrawn', idle: 'idle', conflict: 'conflict' } as const;

/** A row of the document; undefined: it is under way. */
interface DrawnRow {
  readonly row: AddressRow | undefined;
  readonly element: HTMLElement;
}

/**
 * The addresses of the host. However many there are, only those that are seen are in the document, and only their pages are
 * asked for.
 */
export class AddressList {
  readonly #scroller = h('div', { class: 'rows', tabindex: 0, role: 'table', 'aria-label': 'Addresses' });
  readonly #space = h('div', { class: 'space', role: 'rowgroup' });
  readonly #summary = h('p', { class: 'quiet', role: 'status' });
  readonly #pages = new Map<number, readonly AddressRow[]>();
  readonly #asked = new Set<number>();
  /** What is in the document, by place, and what it was made of. */
  #drawn = new Map<number, DrawnRow>();
  #total = 0;
  #query = '';
  /** Raised with each new question: answers to older ones are thrown away. */
  #round = 0;
  #isPlanned = false;
  readonly refresh = atMostEvery(REFRESHED_EVERY_MS, () => this.#askAgain());

  constructor() {
    this.#scroller.append(this.#space);
    this.#scroller.addEventListener('scroll', () => this.#plan(), { passive: true });
    this.#scroller.addEventListener('keydown', (event) => this.#onKey(event));
    new ResizeObserver(() => {
      // The height of a row depends on the width of the window.
      this.#drawn.clear();
      this.#plan();
    }).observe(this.#scroller);
    fill(
      part('addresses', HTMLElement),
      h('h2', { id: 'addresses-title' }, 'Addresses'),
      this.#summary,
      this.#scroller,
      h('div', { id: 'elsewhere' }),
    );
  }

  /** Shows those that match from now on; empty: all. */
  search(query: string): void {
    if (query === this.#query && this.#round > 0) return;
    this.#query = query;
    this.#scroller.scrollTop = 0;
    this.#askAgain();
  }

  /** Moves the keyboard to the first row. */
  focus(): void {
    this.#scroller.querySelector('a')?.focus();
  }

  #askAgain(): void {
    this.#round++;
    this.#asked.clear();
    const { first, last } = this.#seen();
    void this.#ask(Math.floor(first / PAGE));
    if (Math.floor(last / PAGE) !== Math.floor(first / PAGE)) void this.#ask(Math.floor(last / PAGE));
  }

  async #ask(page: number): Promise<void> {
    if (this.#asked.has(page)) return;
    this.#asked.add(page);
    const round = this.#round;
    const path = `addresses?q=${encodeURIComponent(this.#query)}&offset=${page * PAGE}&limit=${PAGE}`;
    const answer = await ask<AddressPage>(path).catch((error: unknown) => (error as Error).message);
    if (round !== this.#round) return;
    if (typeof answer === 'string') {
      this.#summary.textContent = answer;
      return;
    }
    // What was asked of another query, or is old, goes with the first answer of this round.
    if (this.#asked.size === 1) this.#pages.clear();
    this.#pages.set(page, answer.rows);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > MOST_PAGES && oldest !== undefined) this.#forget(oldest);
    this.#total = answer.total;
    this.#summary.textContent = this.#summaryText();
    this.#plan();
  }

  #forget(page: number): void {
    this.#pages.delete(page);
    this.#asked.delete(page);
  }

  #summaryText(): string {
    const number = plural(this.#total, 'address', 'addresses');
    return this.#query === ''
      ? `${number} of containers, those that need a look first`
      : `${number} with “${this.#query}”`;
  }

  #seen(): { readonly first: number; readonly last: number; readonly height: number } {
    const height = Number.parseFloat(getComputedStyle(this.#scroller).getPropertyValue('--row')) || 40;
    const first = Math.max(0, Math.floor(this.#scroller.scrollTop / height) - SPARE);
    const count = Math.ceil(this.#scroller.clientHeight / height) + 2 * SPARE;
    return { first, last: Math.min(Math.max(0, this.#total - 1), first + count), height };
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    requestAnimationFrame(() => {
      this.#isPlanned = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { first, last, height } = this.#seen();
    this.#space.style.height = `${this.#total * height}px`;
    this.#scroller.setAttribute('aria-rowcount', String(this.#total));
    const focused = document.activeElement?.getAttribute('href');
    const drawn = new Map<number, DrawnRow>();
    for (let index = first; index <= last && index < this.#total; index++) {
      const page = Math.floor(index / PAGE);
      const row = this.#pages.get(page)?.[index % PAGE];
      if (row === undefined) void this.#ask(page);
      const known = this.#drawn.get(index);
      const isSame = known !== undefined && known.row === row;
      drawn.set(index, isSame ? known : { row, element: rowOf(row, index, height) });
    }
    this.#drawn = drawn;
    const rows = Array.from(drawn.values(), ({ element }) => element);
    this.#space.replaceChildren(...rows);
    const again = rows
      .flatMap((row) => row.querySelector('a') ?? [])
      .find((link) => link.getAttribute('href') === focused);
    again?.focus({ preventScroll: true });
  }

  #onKey(event: KeyboardEvent): void {
    const link = document.activeElement;
    if (!(link instanceof HTMLAnchorElement) || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
    event.preventDefault();
    const row = link.closest('[role=row]');
    const next = event.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
    next?.querySelector('a')?.focus();
  }
}

/** An undefined row is under way. */
function rowOf(row: AddressRow | undefined, index: number, height: number): HTMLElement {
  const element = h(
    'div',
    { role: 'row', class: 'row', 'aria-rowindex': index + 1 },
    ...(row === undefined ? waiting() : cellsOf(row)),
  );
  element.style.transform = `translateY(${index * height}px)`;
  return element;
}

function waiting(): HTMLElement[] {
  return [h('span', { role: 'cell', class: 'quiet' }, '…')];
}

/** The cells of a row, for the list and for what other hosts found. */
export function cellsOf({
  address,
  container,
  network,
  state,
  reason,
  since,
  rateIn,
  rateOut,
  closedBy,
}: AddressRow): HTMLElement[] {
  const time = since === undefined ? '' : ` for ${span((Date.now() - Date.parse(since)) / 1000)}`;
  const limits = [rateIn !== undefined && `in ${rateIn}`, rateOut !== undefined && `out ${rateOut}`]
    .filter(Boolean)
    .join(', ');
  const notes = [`${reason}${time}`, limits && `limited: ${limits}`, closedBy && `closed: ${closedBy}`]
    .filter(Boolean)
    .join('; ');
  return [
    h(
      'span',
      { role: 'cell', class: 'cell-address' },
      h('a', { href: `#/address/${encodeURIComponent(address)}` }, address),
    ),
    h('span', { role: 'cell', class: 'cell-container' }, container),
    h('span', { role: 'cell', class: 'cell-network quiet' }, network),
    h(
      'span',
      { role: 'cell', class: `cell-state state-${state}` },
      h('span', { class: `dot ${state}` }),
      ` ${ROW_WORDS[state]}`,
    ),
    h('span', { role: 'cell', class: 'cell-why quiet', title: notes }, notes),
  ];
}

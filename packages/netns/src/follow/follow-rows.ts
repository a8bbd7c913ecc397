import { among, object, optional } from '../check/check.ts';
import { checkArgument } from '../check/argument.ts';
import { BUFFER_BYTES, NETNS, SIGNAL, requireOptions } from '../check/options.ts';
import type { NetlinkMessage } from '../codec/reader.ts';
import { NetlinkError } from '../errors.ts';
import { openNetlinkMonitor } from '../netlink.ts';
import { openRtnl } from '../rtnl.ts';
import type { FollowEvent, FollowOptions, Followed, FollowedRows } from '../types/follow.ts';
import type { Rtnl } from '../types/rtnl.ts';
import { NLM_F_REPLACE } from '../uapi/netlink.ts';
import { HeldRows, type Step } from './held-rows.ts';
import { Inbox } from './inbox.ts';
import { type LinkStates, SOURCES, type Source } from './sources.ts';

/** Each of which tries ten times. */
const LIST_ATTEMPTS = 20;

/** As `follow`, which loads this. */
export async function* followRows<Of extends Followed>(
  of: Of,
  options: FollowOptions<Of>,
): AsyncGenerator<FollowEvent<FollowedRows[Of]>, void, undefined> {
  checkOptions(of, options);
  const { netns, filter, signal, receiveBufferBytes } = options;
  const source: Source<FollowedRows[Of], FollowOptions<Of>['filter'] & object> = SOURCES[of];
  const operation = `${of}.follow`;
  await using rtnl = await (netns === undefined ? openRtnl({ lanes: 1 }) : netns.openRtnl({ lanes: 1 }));
  await using monitor = await openNetlinkMonitor({
    protocol: 'route',
    groups: source.groups,
    ...(netns !== undefined && { netns }),
    ...(receiveBufferBytes !== undefined && { receiveBufferBytes }),
  });
  const inbox = new Inbox(monitor, operation, signal);
  inbox.check();
  const follower = new Follower(source, filter);
  const list = (): Promise<readonly FollowedRows[Of][]> => listWhole(source, rtnl, filter, inbox, operation);
  yield { event: 'snapshot', rows: follower.held.reset(await list()) };
  for (;;) {
    const { messages, isIncomplete } = await inbox.take();
    if (isIncomplete) {
      // The messages are older than the list: what they say may be out of date there.
      yield { event: 'resync', rows: follower.held.reset(await list()) };
      continue;
    }
    yield* follower.steps(messages);
    if (follower.takeIsStale()) yield* follower.held.update(await list());
  }
}

/** Turns messages into steps. */
class Follower<Row extends object, Filter> {
  readonly held: HeldRows<Row>;
  readonly #source: Source<Row, Filter>;
  readonly #filter: Filter | undefined;
  readonly #links: LinkStates = new Map();
  #isStale = false;

  constructor(source: Source<Row, Filter>, filter: Filter | undefined) {
    this.#source = source;
    this.#filter = filter;
    this.held = new HeldRows(source.keyOf);
  }

  /** Whether something changed that only a list tells. */
  takeIsStale(): boolean {
    const isStale = this.#isStale;
    this.#isStale = false;
    return isStale;
  }

  *steps(messages: readonly NetlinkMessage[]): Generator<Step<Row>, void, undefined> {
    for (const message of messages) {
      const steps = this.#stepsOf(message);
      if (steps === undefined) this.#isStale = true;
      else yield* steps;
    }
  }

  #stepsOf(message: NetlinkMessage): readonly Step<Row>[] | undefined {
    const { newType, deleteType, decode, matches, apply = applyPlain } = this.#source;
    if (this.#source.isAffected?.(message, this.held, this.#links) === true) this.#isStale = true;
    const isNew = message.type === newType;
    if (!isNew && message.type !== deleteType) return [];
    const row = decode(message);
    if (row === undefined) return [];
    if (this.#filter !== undefined && !matches(row, this.#filter)) {
      return this.held.alike(row).length === 0 ? [] : undefined;
    }
    return apply(this.held, { row, isNew, isReplacing: (message.flags & NLM_F_REPLACE) !== 0 });
  }
}

function applyPlain<Row extends object>(
  held: HeldRows<Row>,
  { row, isNew }: { readonly row: Row; readonly isNew: boolean },
): readonly Step<Row>[] {
  const [previous] = held.alike(row);
  if (!isNew) return previous === undefined ? [] : [held.remove(previous)];
  return previous === undefined ? [held.add(row)] : held.change(previous, row);
}

/** @throws {@link NetlinkError} `EINTR` when the table never rested */
async function listWhole<Row extends object, Filter>(
  source: Source<Row, Filter>,
  rtnl: Rtnl,
  filter: Filter | undefined,
  inbox: Inbox,
  operation: string,
): Promise<readonly Row[]> {
  for (let attempt = 1; attempt <= LIST_ATTEMPTS; attempt++) {
    const rows = await source.list(rtnl, filter);
    inbox.check();
    if (rows.isInterrupted !== true) return rows;
  }
  const reason = 'the table changed during every attempt to list it';
  throw new NetlinkError({ code: 'EINTR', errno: 4, operation, subject: '', reason });
}

const OPTIONS = object<Omit<FollowOptions<Followed>, 'filter'>>({
  netns: optional(NETNS),
  signal: optional(SIGNAL),
  receiveBufferBytes: optional(BUFFER_BYTES),
});

function checkOptions<Of extends Followed>(of: Of, { filter, ...others }: FollowOptions<Of>): void {
  checkArgument(among(...Object.keys(SOURCES)), of, 'follow');
  requireOptions(OPTIONS, others, `follow ${of}`);
  checkArgument(optional(SOURCES[of].filter), filter, `${of}.follow`);
}

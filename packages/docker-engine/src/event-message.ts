import { z } from 'zod';

/** Something that has happened in the engine. */
export interface EngineEvent {
  /** Of what: `container`, `network`, … */
  readonly type: string;
  /** Such as `start`, `die`, `kill`, `pause`, `connect`, `health_status`. */
  readonly action: string;
  /** What Docker writes behind the action: `healthy` in `health_status: healthy`, the command of an `exec_start`. */
  readonly detail: string;
  /** Of the container, the network, … */
  readonly id: string;
  /** Such as `name`, `signal`, `exitCode` of containers, `container` of networks; the labels of containers too. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Nanoseconds since 1970. */
  readonly timeNano: bigint;
}

/** Source: Docker Engine API, SystemEvents. */
const message = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
});

/** The event of a line; undefined when there is none in it. */
export function parseEvent(line: string): EngineEvent | undefined {
  const { data } = message.safeParse(parse(line));
  // A number of JavaScript has too few digits. Quotes inside of texts have a backslash: this finds the field itself.
  const time = /"timeNano":\s*(\d+)/.exec(line)?.[1];
  if (data === undefined || time === undefined) return undefined;
  const { Type: type, Action, Actor } = data;
  const [action = '', ...detail] = Action.split(': ');
  const event = { type, action, detail: detail.join(': '), id: Actor.ID, attributes: Actor.Attributes ?? {} };
  return { ...event, timeNano: BigInt(time) };
}

/** The same for an event that is told again, and for no other. */
export function eventKey({ type, action, detail, id, timeNano }: EngineEvent): string {
  return [timeNano, type, id, action, detail].join(' ');
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

import type { MethodName } from '@routed/plugin-protocol';

/** The first word of the command line of an end: no command for people. */
export const SELFTEST_END = 'selftest-end';

/** Where every end of a selftest answers, over TCP and UDP: the first is the one that lists let pass. */
export const PORTS = { listed: 7, unlisted: 9 } as const;

/** Sends datagrams until one is answered. */
export interface DatagramTask {
  readonly to: string;
  readonly port: number;
  /** Sent from this address; absent: the kernel chooses. */
  readonly from?: string;
  readonly sizeBytes: number;
  /** How many are sent at most, each after waiting `timeoutMs` for an answer to the one before. */
  readonly tries: number;
  readonly timeoutMs: number;
}

/** Sends bytes by TCP until all have arrived. */
export interface StreamTask {
  readonly to: string;
  readonly port: number;
  readonly sizeBytes: number;
  readonly timeoutMs: number;
}

/** A call that undoes a part of what the selftest made. */
export interface UndoCall {
  readonly method: MethodName;
  readonly request: Readonly<Record<string, string>>;
}

/** What an end does when it is told to. */
export interface EndTasks {
  readonly datagram: (task: DatagramTask) => Promise<{ readonly isAnswered: boolean }>;
  /** `failed`: why not, as the system says it, such as `ECONNREFUSED`; absent: all have arrived. */
  readonly stream: (task: StreamTask) => Promise<{ readonly failed?: string; readonly ms: number }>;
  /** Which addresses datagrams have come from. */
  readonly heard: (task: Readonly<Record<string, never>>) => Promise<readonly string[]>;
  /** Has the end answer questions of DNS for these names, with these addresses. */
  readonly names: (task: Readonly<Record<string, readonly string[]>>) => Promise<true>;
  /** Asks a name server. */
  readonly resolve: (task: { readonly name: string; readonly server: string }) => Promise<readonly string[]>;
  /** What is to be called, in this order, at this socket, when the selftest itself is killed. */
  readonly undo: (task: { readonly socketPath: string; readonly calls: readonly UndoCall[] }) => Promise<true>;
}
export type EndTaskName = keyof EndTasks;

/** A line to an end. */
export interface EndRequest {
  readonly id: number;
  readonly name: EndTaskName;
  readonly task: unknown;
}

/** A line from an end; the first one, which says that it listens, has the id 0. */
export interface EndReply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

import { openNetns, type Netns, type Rtnl } from '@routed/netns';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { RoutedError } from '../ground/routed-error.ts';
import { type EndReply, type EndRequest, type EndTaskName, type EndTasks, SELFTEST_END } from './end-protocol.ts';

/** How long an end may take to start: a machine under load takes its time. */
const START_MS = 30_000;

const ENDED = 'an end of the selftest has ended';

/** What a task is given, and what comes of it. */
type TaskOf<Name extends EndTaskName> = Parameters<EndTasks[Name]>[0];
type ResultOf<Name extends EndTaskName> = Awaited<ReturnType<EndTasks[Name]>>;

/** Starts a process in a network namespace of its own, with nothing but a loopback link. @throws RoutedError KERNEL_FEATURE_MISSING */
export async function startEnd(): Promise<EndProcess> {
  const program = [process.execPath, ...process.execArgv, process.argv[1] ?? '', SELFTEST_END];
  const child = spawn('unshare', ['--net', '--', ...program], { stdio: ['pipe', 'pipe', 'pipe'] });
  const said: string[] = [];
  child.stderr.on('data', (text: Buffer) => said.push(text.toString()));
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout });
  try {
    await once(lines, 'line', { signal: AbortSignal.any([endOf(child), AbortSignal.timeout(START_MS)]) });
  } catch (error) {
    child.kill('SIGKILL');
    const why = said.join('').trim() || 'it did not start in time';
    const text = `a network namespace for the selftest cannot be made (unshare --net): ${why}`;
    throw new RoutedError('KERNEL_FEATURE_MISSING', text, { cause: error });
  }
  const netns = await openNetns({ pid: child.pid ?? 0 });
  const rtnl = await netns.openRtnl({ lanes: 1 });
  await rtnl.links.set({ name: 'lo' }, { isUp: true });
  return new EndProcess({ child, lines, netns, rtnl });
}

/** A process in a network namespace that lives exactly as long as it does. */
export class EndProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #count = 0;
  readonly netns: Netns;
  readonly rtnl: Rtnl;

  constructor(running: {
    readonly child: ChildProcess;
    readonly lines: Interface;
    readonly netns: Netns;
    readonly rtnl: Rtnl;
  }) {
    this.#child = running.child;
    this.netns = running.netns;
    this.rtnl = running.rtnl;
    running.lines.on('line', (line) => this.#settle(JSON.parse(line) as EndReply));
    running.child.once('exit', () => this.#fail(new Error(ENDED)));
  }

  /** Where its namespace is, for the daemon; for nobody else: the process may be another one by then. */
  get sandboxKey(): string {
    return `/proc/${this.#child.pid ?? 0}/ns/net`;
  }

  /** Has it do something. @throws Error when it has ended, or cannot */
  async do<Name extends EndTaskName>(name: Name, task: TaskOf<Name>): Promise<ResultOf<Name>> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new Error(ENDED);
    const id = ++this.#count;
    const request: EndRequest = { id, name, task };
    const result = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    return (await result) as ResultOf<Name>;
  }

  /** Ends it, and its namespace with all that is there. */
  async stop(): Promise<void> {
    await this.rtnl.close();
    await this.netns.close();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
  }

  #settle({ id, value, error }: EndReply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function endOf(child: ChildProcess): AbortSignal {
  const ended = new AbortController();
  child.once('exit', () => ended.abort());
  child.once('error', () => ended.abort());
  return ended.signal;
}

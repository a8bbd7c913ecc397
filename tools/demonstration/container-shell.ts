import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { DemonstrationError, expectOutput, type Transcript } from './transcript.ts';

const prompt = '/ # ';
const answerTimeoutMs = 20_000;
const lookEveryMs = 10;

/** The shell of a container started with `docker run -ti`, on a terminal of its own. */
export class ContainerShell {
  readonly #terminal: ChildProcessWithoutNullStreams;
  readonly #transcript: Transcript;
  #received = '';

  private constructor(terminal: ChildProcessWithoutNullStreams, transcript: Transcript) {
    this.#terminal = terminal;
    this.#transcript = transcript;
    const receive = (chunk: Buffer): void => void (this.#received += chunk.toString());
    terminal.stdout.on('data', receive);
    terminal.stderr.on('data', receive);
    // Typing into a shell that has ended is found out by its missing answer.
    terminal.stdin.on('error', () => undefined);
  }

  /**
   * Starts the container; returns when its shell waits for input.
   * @param docker the command that stands for `docker` on the host
   * @param line what follows `docker`
   */
  static async open(docker: readonly string[], line: string, transcript: Transcript): Promise<ContainerShell> {
    transcript.command(`docker ${line}`);
    // Only a terminal will do for -t, and script(1) has one. A process group of its own: Ctrl-C is for us alone.
    const args = ['--quiet', '--return', '--flush', '--command', `${docker.join(' ')} ${line}`, '/dev/null'];
    const terminal = spawn('script', args, { detached: true });
    const shell = new ContainerShell(terminal, transcript);
    await shell.#answer();
    return shell;
  }

  /**
   * Types a command and shows what it prints.
   * @throws DemonstrationError when that is not what was expected
   */
  async run(line: string, expected: RegExp): Promise<void> {
    this.#transcript.command(line, prompt);
    this.#received = '';
    this.#terminal.stdin.write(`${line}\n`);
    const answer = await this.#answer();
    // The terminal repeats what is typed.
    const output = answer.slice(answer.indexOf('\n') + 1).trimEnd();
    this.#transcript.output(output);
    expectOutput(line, output, expected);
  }

  /** Leaves the shell: the container stops. */
  async exit(): Promise<void> {
    this.#transcript.command('exit', prompt);
    const ended = once(this.#terminal, 'exit');
    this.#terminal.stdin.write('exit\n');
    await ended;
  }

  /** What came before the next prompt. */
  async #answer(): Promise<string> {
    const lastLookAt = Date.now() + answerTimeoutMs;
    for (;;) {
      const text = plainText(this.#received);
      if (text.endsWith(prompt)) return text.slice(0, -prompt.length);
      if (Date.now() > lastLookAt || this.#terminal.exitCode !== null) {
        throw new DemonstrationError(`the container's shell did not answer; so far it printed:\n${text}`);
      }
      await sleep(lookEveryMs);
    }
  }
}

/** Terminal output without its control sequences and carriage returns. */
function plainText(text: string): string {
  // eslint-disable-next-line no-control-regex -- control sequences are what is taken away
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]|\r/g, '');
}

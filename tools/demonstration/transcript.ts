import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '@routed/lab';

/** A command did something else than this demonstration promises. */
export class DemonstrationError extends Error {
  override readonly name = 'DemonstrationError';
}

/** What the reader sees: headings, commands as one would type them, and their output. */
export class Transcript {
  readonly #host: Host;
  readonly #write: (text: string) => void;
  readonly #isTerminal: boolean;

  constructor(host: Host, out: { write(text: string): unknown; readonly isTTY?: boolean }) {
    this.#host = host;
    this.#write = (text) => void out.write(text);
    this.#isTerminal = out.isTTY === true;
  }

  heading(text: string): void {
    this.#write(`\n${this.#bold(`== ${text}`)}\n`);
  }

  say(text: string): void {
    this.#write(`${text}\n`);
  }

  /** Shows a command with the prompt of the host, or of another place. */
  command(line: string, prompt = `${this.#host.name}# `): void {
    this.#write(`${prompt}${this.#bold(line)}\n`);
  }

  output(text: string): void {
    this.#write(text === '' ? '(nothing)\n' : `${text}\n`);
  }

  /**
   * Runs one of the host's Docker commands and shows it with its output.
   * @throws DockerError with what Docker said
   */
  async docker(line: string): Promise<string> {
    this.command(`docker ${line}`);
    const output = await this.#host.docker(...words(line));
    if (output !== '') this.output(output);
    return output;
  }

  /**
   * Runs a Docker command that must be refused and shows what Docker says.
   * @throws DemonstrationError when it is not refused, or for another reason
   */
  async dockerRefuses(line: string, reason: RegExp): Promise<void> {
    this.command(`docker ${line}`);
    const { stderr } = await this.#host.tryDocker(...words(line));
    this.output(stderr.trim());
    expectOutput(line, stderr, reason);
  }

  /**
   * Runs a command on the host and shows it with its output.
   * @param expected what the output must hold
   * @throws DemonstrationError when it does not
   */
  async run(line: string, expected: RegExp): Promise<string> {
    this.command(line);
    const { stdout } = await this.#host.exec(words(line));
    const output = stdout.trim();
    this.output(output);
    expectOutput(line, output, expected);
    return output;
  }

  /** Like {@link Transcript.run}, for what comes true a moment later: the command is shown once, when it has. */
  async runWhen(line: string, expected: RegExp, deadlineMs = 5_000): Promise<string> {
    const lastTryAt = Date.now() + deadlineMs;
    while (Date.now() < lastTryAt) {
      const { stdout } = await this.#host.exec(words(line), { check: false });
      if (expected.test(stdout.trim())) break;
      await sleep(50);
    }
    return this.run(line, expected);
  }

  #bold(text: string): string {
    return this.#isTerminal ? `\u001b[1m${text}\u001b[0m` : text;
  }
}

/** @throws DemonstrationError naming the command, what was expected and what came */
export function expectOutput(line: string, output: string, expected: RegExp): void {
  if (expected.test(output)) return;
  throw new DemonstrationError(`"${line}" was expected to show ${expected.source}, but showed:\n${output}`);
}

/** Words between blanks; quotes keep blanks together, as in a shell. */
export function words(line: string): string[] {
  return Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? '');
}

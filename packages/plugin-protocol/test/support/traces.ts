import { readFileSync } from 'node:fs';
import { isMethodName, type MethodName } from '../../src/index.ts';

/** One call as captured between Docker 20.10.24 and a plugin. */
export interface TracedCall {
  readonly method: MethodName;
  /** Exactly the bytes that Docker sent; `''` for a call without arguments. */
  readonly request: string;
  readonly reply: string;
}

const linePattern = /^\[\w+\] (\S+) (\(empty\)|\{.*\}) {2}=> {2}(.*)$/;

/** Reads every call of the captured log; a line that starts like a call but cannot be read is an error. */
export function readTraces(): readonly TracedCall[] {
  const log = readFileSync(new URL('../data/cnm-traces.log', import.meta.url), 'utf8');
  return log
    .split('\n')
    .filter((line) => line.startsWith('['))
    .map((line) => {
      const [, method = '', request = '', reply = ''] = linePattern.exec(line) ?? [];
      if (!isMethodName(method)) throw new Error(`not a call: ${line}`);
      return { method, request: request === '(empty)' ? '' : request, reply };
    });
}

/** The first captured request of a method, to be varied by a test. */
export function tracedRequest(method: MethodName): Record<string, unknown> {
  const call = readTraces().find((candidate) => candidate.method === method && candidate.request !== '');
  if (call === undefined) throw new Error(`no captured request of ${method}`);
  return JSON.parse(call.request) as Record<string, unknown>;
}

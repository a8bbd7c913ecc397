import { METHODS, type MethodName, parseRequest } from '@routed/plugin-protocol';
import fc from 'fast-check';
import { readTraces } from '../../../packages/plugin-protocol/test/support/traces.ts';
import { jsonText, mutated, mutatedBytes } from '../mutations.ts';
import { target } from '../fuzz.ts';
import { expectTyped } from '../typed-errors.ts';

const calls = readTraces().filter(({ request }) => request !== '');
const bodies = calls.map(({ request }) => request);
const methods = Object.keys(METHODS) as MethodName[];

const body: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  {
    weight: 6,
    arbitrary: mutated(bodies.map((text) => JSON.parse(text) as unknown)).map((value) => jsonText(value)),
  },
  { weight: 2, arbitrary: mutatedBytes(bodies.map((text) => Buffer.from(text))) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.uint8Array() },
);

/** Bodies of Docker's calls, through the schemas. */
export const protocolBodies = target({
  name: 'protocol bodies',
  weight: 12,
  input: fc.tuple(fc.constantFrom(...methods), body),
  feed: ([method, text]) => {
    expectTyped(() => parseRequest(method, text));
  },
});

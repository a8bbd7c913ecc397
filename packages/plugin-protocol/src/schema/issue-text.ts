import type { z } from 'zod';

const previewLength = 60;

/** The first thing wrong with a value: where, and in words. */
export interface Problem {
  /** Such as `IPv4Data[0].Pool`; `''` for the value itself. */
  readonly path: string;
  /** Such as `must be a string, got a number`. */
  readonly sentence: string;
}

/** Describes the first issue of a failed parse of `value`. The schemas' error texts complete "must be …". */
export function firstProblem(error: z.ZodError, value: unknown): Problem {
  const [issue] = error.issues;
  if (issue === undefined) return { path: '', sentence: 'is invalid' };
  const received = issue.path.reduce<unknown>(propertyOf, value);
  const got = issue.code === 'invalid_type' ? kindOf(received) : previewOf(received);
  return { path: pathText(issue.path), sentence: `must be ${issue.message}, got ${got}` };
}

function propertyOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const name = String(key);
    if (!/^\w{1,60}$/.test(name)) return `${text}[${quote(name)}]`;
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

function previewOf(value: unknown): string {
  if (value === '') return 'an empty string';
  if (typeof value === 'string') return quote(value);
  return typeof value === 'number' ? String(value) : kindOf(value);
}

function quote(text: string): string {
  return JSON.stringify(text.length > previewLength ? `${text.slice(0, previewLength)}…` : text);
}

/** Names the JSON type of a value with its article. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

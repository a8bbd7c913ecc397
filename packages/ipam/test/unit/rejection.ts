import { expect } from 'chai';
import { isIpamError } from '../../src/index.ts';
import type { IpamError, IpamErrorCode } from '../../src/index.ts';

/** Runs `work`, expects it to fail with `code`, and gives the error. */
export async function rejection(code: IpamErrorCode, work: () => unknown): Promise<IpamError> {
  let outcome: unknown;
  try {
    outcome = await work();
  } catch (error) {
    if (!isIpamError(error, code)) throw error;
    return error;
  }
  return expect.fail(`expected ${code}, got ${String(outcome)}`);
}

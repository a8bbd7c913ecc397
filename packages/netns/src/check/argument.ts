import { NetlinkError } from '../errors.ts';
import type { Check } from './check.ts';
import { show } from './show.ts';

/** @throws {@link NetlinkError} `EINVAL` that names the field at fault */
export function checkArgument<T>(check: Check<T>, value: unknown, operation: string): void {
  const complaint = check(value, '');
  if (complaint === undefined) return;
  const { field, reason } = complaint;
  const attribute = field === '' ? {} : { attribute: field };
  throw new NetlinkError({ code: 'EINVAL', errno: 22, operation, subject: subjectOf(value), reason, ...attribute });
}

/** What an argument is about, whatever it is. */
function subjectOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const { name, index, destination, address } = value as Partial<Record<string, unknown>>;
  const subject = [name, destination, address].find((candidate) => typeof candidate === 'string');
  if (typeof subject === 'string') return /^[!-~]{1,60}$/.test(subject) ? subject : show(subject);
  return typeof index === 'number' ? `index ${index}` : '';
}

import type { Diagnostic, FieldPath } from '../errors.ts';
import type { ChainKey, Lifetime } from '../model/keys.ts';
import { caution, fault } from './finding.ts';

/** Before and after every moment that a model can name. */
const [ALWAYS, FOR_EVER] = ['', '~'];

function startOf(lifetime: Lifetime | undefined): string {
  return lifetime?.from ?? ALWAYS;
}

function endOf(lifetime: Lifetime | undefined): string {
  return lifetime?.until ?? FOR_EVER;
}

/** Lifetimes of keys that would end adjacencies although every router has the same keys. */
export function checkLifetimes(path: FieldPath, keys: readonly ChainKey[]): Diagnostic[] {
  const found = keys.flatMap((key, index) => checkKey([...path, index], key));
  return found.length > 0 ? found : checkGaps(path, keys);
}

function checkKey(path: FieldPath, { accept, send }: ChainKey): Diagnostic[] {
  const found = (['accept', 'send'] as const).flatMap((field) => {
    const lifetime = { accept, send }[field];
    return startOf(lifetime) < endOf(lifetime) ? [] : [fault([...path, field, 'until'], 'is not later than from')];
  });
  if (found.length > 0) return found;
  if (startOf(send) < startOf(accept))
    found.push(
      fault(
        [...path, 'accept', 'from'],
        `is later than the key is sent from (${send?.from ?? 'always'}): others refuse it`,
      ),
    );
  if (endOf(send) > endOf(accept))
    found.push(
      fault(
        [...path, 'accept', 'until'],
        `is earlier than the key is sent until (${send?.until ?? 'always'}): others refuse it`,
      ),
    );
  if (found.length === 0 && send?.until !== undefined && send.until === accept?.until)
    found.push(
      caution(
        [...path, 'accept', 'until'],
        'is when the key is sent last; clocks differ, so take it for some minutes more',
      ),
    );
  return found;
}

/** Without a key to send, a router sends packets that nobody takes. */
function checkGaps(path: FieldPath, keys: readonly ChainKey[]): Diagnostic[] {
  let covered: string | undefined;
  for (const { send } of keys.toSorted((a, b) => (startOf(a.send) < startOf(b.send) ? -1 : 1))) {
    if (startOf(send) > (covered ?? ALWAYS)) break;
    const end = endOf(send);
    covered = covered === undefined || end > covered ? end : covered;
  }
  if (covered === FOR_EVER) return [];
  const since = covered === undefined ? 'before the first send.from' : `after ${covered}`;
  return [fault(path, `have none to send ${since}, so neighbors are lost; let a send time begin earlier or end later`)];
}

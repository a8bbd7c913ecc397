import { step } from './steps.mjs';

/** Makes every write of the database a step. */
export function watchStore(ClassicLevel) {
  const writes = {
    _put: (key) => `store: put ${key}`,
    _del: (key) => `store: delete ${key}`,
    _batch: (operations) => `store: batch of ${operations.map(({ type, key }) => `${type} ${key}`).join(', ')}`,
  };
  for (const [method, nameOf] of Object.entries(writes)) {
    const original = ClassicLevel.prototype[method];
    ClassicLevel.prototype[method] = function (subject, ...rest) {
      databases.add(this);
      return step(nameOf(subject), () => original.call(this, subject, ...rest));
    };
  }
  const open = ClassicLevel.prototype._open;
  ClassicLevel.prototype._open = function (...options) {
    databases.add(this);
    return open.apply(this, options);
  };
}

const databases = new Set();

/** Everything in the store. */
export async function records() {
  const found = {};
  for (const database of databases) {
    for await (const [key, value] of database.iterator({ valueEncoding: 'json' })) found[key] = value;
  }
  return found;
}

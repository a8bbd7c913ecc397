import { step } from './steps.mjs';

/** Kinds of records that are appended to a file first, which is their step; their way to the database comes whenever it likes. */
const APPENDED = /^!(endpoints|leases|owners)!/;

/** Makes every write of the database a step, but for those that only follow others. */
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
      const isFollowing = method === '_batch' && subject.every(({ key }) => APPENDED.test(key));
      if (isFollowing) return original.call(this, subject, ...rest);
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

import { expect } from 'chai';
import { Journal } from '../../src/ground/journal.ts';

const entry = (address: string) => ({ kind: 'leased', addresses: [address], detail: '' }) as const;
const addressesOf = (journal: Journal): string[] => journal.entries().flatMap(({ addresses }) => addresses);

describe('Journal', () => {
  it('tells what happened in order, of one address or of all', () => {
    const journal = new Journal();
    for (const address of ['10.1.0.2', '10.1.0.3', '10.1.0.2']) journal.record(entry(address));

    expect(addressesOf(journal)).to.deep.equal(['10.1.0.2', '10.1.0.3', '10.1.0.2']);
    expect(journal.entries('10.1.0.3')).to.have.lengthOf(1);
  });

  it('forgets the oldest, ten thousand later', () => {
    const journal = new Journal();
    for (let number = 0; number < 10_003; number++) journal.record(entry(String(number)));

    const addresses = addressesOf(journal);
    expect([addresses.length, addresses[0], addresses.at(-1)]).to.deep.equal([10_000, '3', '10002']);
  });

  it('tells listeners until they have heard enough', () => {
    const journal = new Journal();
    const heard: string[] = [];
    const unfollow = journal.follow(({ addresses }) => heard.push(...addresses));

    journal.record(entry('10.1.0.2'));
    unfollow();
    journal.record(entry('10.1.0.3'));

    expect(heard).to.deep.equal(['10.1.0.2']);
  });
});

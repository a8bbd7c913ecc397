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

  it('tells the last ones alone, also when it has forgotten some', () => {
    const journal = new Journal();
    const last = (count: number): (string | undefined)[] => journal.latest(count).map(({ addresses }) => addresses[0]);
    expect(last(2)).to.deep.equal([]);

    for (let number = 0; number < 3; number++) journal.record(entry(String(number)));
    expect(last(2)).to.deep.equal(['1', '2']);
    expect(last(9)).to.deep.equal(['0', '1', '2']);

    for (let number = 3; number < 10_002; number++) journal.record(entry(String(number)));
    expect(last(3)).to.deep.equal(['9999', '10000', '10001']);
    expect(last(10_000)).to.deep.equal(journal.entries().map(({ addresses }) => addresses[0]));
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

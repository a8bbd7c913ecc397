import { expect } from 'chai';
import { askForContainer, findContainer } from '../../src/containers/find-container.ts';

const containers = ['web', 'web2', 'db'].map((name, index) => ({
  id: ['abcd11', 'abcd22', 'ffff33'][index]!.padEnd(64, '0'),
  name,
  networks: [],
}));
const nameOf = (reference: string): string => findContainer(containers, reference).name;

describe('findContainer', () => {
  it('takes a name, a whole id, or the start of an id', () => {
    expect(nameOf('web')).to.equal('web');
    expect(nameOf('abcd22'.padEnd(64, '0'))).to.equal('web2');
    expect(nameOf('ffff')).to.equal('db');
  });

  it('refuses the start of several ids and lists them', () => {
    expect(() => nameOf('abcd')).to.throw('several ids match (web (abcd11000000), web2 (abcd22000000))');
  });

  it('refuses what nobody is called, and says who starts alike', () => {
    expect(() => nameOf('we')).to.throw('container we is not known to Docker; did you mean web (abcd11000000), web2');
    expect(() => nameOf('cache')).to.throw(/^container cache is not known to Docker; "docker ps --all" lists them$/);
  });

  it('refuses a mistyped name, and says which one is near', () => {
    expect(() => nameOf('wbe')).to.throw(/^container wbe is not known to Docker; did you mean web \(abcd11000000\)\?$/);
  });

  it('repeats little of a long name', () => {
    expect(() => nameOf('x'.repeat(500_000))).to.throw(/^.{0,200}$/);
  });
});

describe('askForContainer', () => {
  let asked: (string | undefined)[];
  const docker = {
    list: (name?: string) => {
      asked.push(name);
      return Promise.resolve(name === undefined ? containers : containers.filter((entry) => entry.name === name));
    },
  };
  beforeEach(() => (asked = []));

  it('asks for a name alone', async () => {
    expect((await askForContainer(docker, 'web')).name).to.equal('web');

    expect(asked).to.deep.equal(['web']);
  });

  it('asks for all of them when nobody has the name', async () => {
    expect((await askForContainer(docker, 'ffff')).name).to.equal('db');

    expect(asked).to.deep.equal(['ffff', undefined]);
  });
});

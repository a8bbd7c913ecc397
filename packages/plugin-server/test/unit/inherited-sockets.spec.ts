import { expect } from 'chai';
import { inheritedSockets } from '../../src/inherited-sockets.ts';

describe('inheritedSockets', () => {
  const env = { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'routed:net-routed:ipam-routed' };

  function refusal(changes: Record<string, string | undefined>): string {
    try {
      inheritedSockets({ ...env, ...changes }, 7);
    } catch (error) {
      return (error as Error).message;
    }
    return 'no error';
  }

  it('numbers the sockets from 3 on, in the order of their names', () => {
    const sockets = inheritedSockets(env, 7);

    expect([...sockets]).to.deep.equal([
      ['routed', 3],
      ['net-routed', 4],
      ['ipam-routed', 5],
    ]);
  });

  it('takes some of them: the others are made as usual', () => {
    const sockets = inheritedSockets({ ...env, LISTEN_FDS: '1', LISTEN_FDNAMES: 'net-routed' }, 7);

    expect([...sockets]).to.deep.equal([['net-routed', 3]]);
  });

  it('is empty without a service manager, and for sockets of another process', () => {
    expect([...inheritedSockets({}, 7)]).to.deep.equal([]);
    expect([...inheritedSockets(env, 8)]).to.deep.equal([]);
  });

  const wrong: [string, Record<string, string | undefined>, RegExp][] = [
    ['a socket without a name', { LISTEN_FDS: '4' }, /LISTEN_FDS=4 .*every socket needs its name/],
    ['sockets without names', { LISTEN_FDNAMES: undefined }, /every socket needs its name/],
    ['a number that is none', { LISTEN_FDS: 'three' }, /LISTEN_FDS=three/],
    ['an unknown name', { LISTEN_FDNAMES: 'routed:unknown:ipam-routed' }, /no socket named "unknown"/],
    ['a name used twice', { LISTEN_FDNAMES: 'routed:routed:ipam-routed' }, /two sockets are named "routed"/],
  ];
  for (const [what, changes, message] of wrong) {
    it(`refuses ${what}, and says what to do`, () => {
      expect(refusal(changes)).to.match(message).and.contain('FileDescriptorName= with one of routed, net-routed');
    });
  }
});

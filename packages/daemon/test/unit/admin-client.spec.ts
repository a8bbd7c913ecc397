import { expect } from 'chai';
import { unreachableDaemon } from '../../src/admin/admin-client.ts';

describe('a daemon that cannot be asked', () => {
  const told = (code: string): string =>
    unreachableDaemon('/run/routed/admin.sock', Object.assign(new Error('refused'), { code })).message;

  it('is to be asked by root when its socket refuses', () => {
    expect(told('EACCES')).to.equal(
      'routed-plugin does not answer at /run/routed/admin.sock (EACCES): only root and the group of ' +
        '--socket-group may use it: run this command as root',
    );
  });

  it('is to be started when there is no socket, or nobody at it', () => {
    for (const code of ['ENOENT', 'ECONNREFUSED']) {
      expect(told(code)).to.contain('start routed-plugin, or name its socket with --admin-socket');
    }
  });
});

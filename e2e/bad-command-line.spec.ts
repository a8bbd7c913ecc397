import { readdir } from 'node:fs/promises';
import { expect } from 'chai';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { kernelState } from './support/kernel.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

interface BadCommand {
  readonly line: string;
  readonly says: RegExp;
  /** 64 is for what is not understood; 1 for what is, and cannot be. */
  readonly exitCode?: 1;
}

/** Another user than root, who may still read the plugin wherever it is installed. */
const asNobody =
  'setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +dac_read_search --ambient-caps +dac_read_search';

const gatewayForm = /--gateway .*expected an IPv4 unicast address such as 10\.200\.0\.1, without prefix length/;
const mtuForm = /--mtu .*expected a number from 68 to 65535/;

const commands: readonly BadCommand[] = [
  { line: 'routed-plugin --gateway nonsense', says: gatewayForm },
  { line: 'routed-plugin --gateway 10.200.0.1/24', says: gatewayForm },
  { line: 'routed-plugin --gateway 224.0.0.1', says: gatewayForm },
  { line: 'routed-plugin --gateway fe80::1', says: gatewayForm },
  { line: 'routed-plugin --gateway ""', says: gatewayForm },
  {
    line: 'ROUTED_GATEWAY=nonsense routed-plugin',
    says: /variable ROUTED_GATEWAY="nonsense" \(--gateway\): expected an IPv4/,
  },
  { line: 'routed-plugin --mtu 67', says: mtuForm },
  { line: 'routed-plugin --mtu 65536', says: mtuForm },
  { line: 'routed-plugin --mtu abc', says: mtuForm },
  { line: 'routed-plugin --mtu -1', says: mtuForm },
  { line: 'routed-plugin --log-level loud', says: /--log-level .*expected debug, info, warn or error/ },
  { line: 'routed-plugin --log-format xml', says: /--log-format .*expected json or pretty/ },
  { line: 'routed-plugin --plugin-dir plugins', says: /--plugin-dir .*expected an absolute path/ },
  { line: 'routed-plugin --state-dir state', says: /--state-dir .*expected an absolute path/ },
  { line: 'routed-plugin --netsock ""', says: /--netsock .*expected a plugin name or the path of a socket/ },
  { line: 'routed-plugin --ipamsock ""', says: /--ipamsock .*expected a plugin name or the path of a socket/ },
  { line: 'routed-plugin --gatewya 10.200.0.1', says: /unknown option '--gatewya'[^]*--gateway/ },
  { line: 'routed-plugin serv', says: /unknown command 'serv'; did you mean "serve"\?/ },
  {
    line: 'routed-plugin --plugin-dir /run/read-only/plugins',
    says: /\/run\/read-only\/plugins .*--plugin-dir/,
    exitCode: 1,
  },
  {
    line: 'routed-plugin --plugin-dir /run/read-only',
    says: /\/run\/read-only is not writable .*--plugin-dir/,
    exitCode: 1,
  },
  { line: 'routed-plugin --plugin-dir /etc/passwd', says: /\/etc\/passwd is not writable .*--plugin-dir/, exitCode: 1 },
  { line: 'routed-plugin --state-dir /run/read-only', says: /\/run\/read-only[^]*--state-dir/, exitCode: 1 },
  { line: 'routed-plugin --state-dir /etc/passwd', says: /\/etc\/passwd[^]*--state-dir/, exitCode: 1 },
  { line: `${asNobody} -- routed-plugin`, says: /root.*CAP_NET_ADMIN.*run it as root/, exitCode: 1 },
];

if (ENGINES_IN_FULL.length > 0) {
  describe('a command line that cannot be', () => {
    const stage = setStage({ host: { engine: 'none' }, plugin: 'none' });

    before(() => stage.host.exec(['sh', '-c', 'mkdir /run/read-only && mount -t tmpfs -o ro tmpfs /run/read-only']));

    for (const { line, says, exitCode: expected = 64 } of commands) {
      it(`is refused with the expected form, and leaves nothing: ${line.replace(asNobody, 'nobody')}`, async () => {
        const { host } = stage;
        const before = await kernelState(host);

        const { exitCode, stderr } = await type(host, `timeout 20 env ${line}`);

        expect(exitCode, stderr).to.equal(expected);
        expect(stderr).to.match(says);
        expect(stderr, 'a stack trace').not.to.match(/^ +at /m);
        expect(await kernelState(host)).to.deep.equal(before);
        expect(await readdir(host.outsidePath(host.pluginDir))).to.deep.equal([]);
      });
    }
  });
}

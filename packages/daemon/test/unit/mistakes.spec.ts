import { join } from 'node:path';
import { expect } from 'chai';
import { createNetwork } from '../../../driver/test/unit/support/wired.ts';
import { cli } from '../../../quagga/test/support/environment.ts';
import { OperatedDaemon } from './support/operated-daemon.ts';
import { type Ended, runLine } from './support/run-line.ts';

/** What was typed, and the part of the answer that says what to type instead. 64: not understood; else as it says. */
type Mistake = readonly [line: string, fix: string, exitCode?: number];

/** Typed on the host of {@link OperatedDaemon}. */
const MISTAKES: readonly Mistake[] = [
  // Commands.
  ['routed-plugin stauts', 'did you mean "status"?'],
  ['routed-plugin STATUS', 'did you mean "status"?'],
  ['routed-plugin ps', 'did you mean "routed-plugin status"?'],
  ['routed-plugin list', 'did you mean "routed-plugin status"?'],
  ['routed-plugin inspect web', 'did you mean "routed-plugin why ADDRESS"?'],
  ['routed-plugin logs', 'did you mean "journalctl --unit routed"?'],
  ['routed-plugin restart', 'did you mean "systemctl restart routed"?'],
  ['routed-plugin version', 'did you mean "routed-plugin --version"?'],
  ['routed-plugin -v', 'did you mean "routed-plugin --version"?'],
  ['routed-plugin uninstall', 'did you mean "routed-plugin cleanup --dry-run"?'],
  ['routed-plugin create apps', 'did you mean "docker network create -d routed'],
  ['routed-plugin --json status', 'usage: routed-plugin serve [options]; --help says more'],
  ['routed-plugin --metrics-port 9273 status', 'options come after the command: routed-plugin status [options]'],
  ['routed-plugin address show', 'address has list, add, remove'],
  ['routed-plugin ingress web none', 'ingress has show, set, test, suggest'],
  ['routed-plugin network list', 'network has block, forget'],
  ['routed-plugin limit web 10mbit', 'limit has show, set'],
  ['routed-plugin address ad web 10.1.0.3', 'did you mean "add"?'],
  // Arguments that are missing, or too many.
  ['routed-plugin why', 'usage: routed-plugin why [options] <address|container>'],
  ['routed-plugin ingress set web', 'usage: routed-plugin ingress set [options] <container> <sources>'],
  ['routed-plugin address add 10.1.0.3', 'usage: routed-plugin address add [options] <container> <address>'],
  ['routed-plugin status web', 'usage: routed-plugin status [options];'],
  ['routed-plugin limit set web 100mbit', 'usage: routed-plugin limit set [options] <container>;'],
  ['routed-plugin limit set web', 'give --in, --out or both, such as --in 100mbit'],
  ['routed-plugin drain', 'name a container, or --all'],
  ['routed-plugin drain web --all', 'name a container, or --all'],
  ['routed-plugin undrain', 'name a container, or --all'],
  ['routed-plugin handover', 'name a container, or --status'],
  ['routed-plugin why --port 443/tcp web', '--port needs --from: who would connect'],
  // Options and their values.
  ['routed-plugin status --jsno', 'Did you mean --json?'],
  ['routed-plugin cleanup --dryrun', 'Did you mean --dry-run?'],
  ['routed-plugin status --format json', 'usage: routed-plugin status [options]; --help says more'],
  ['routed-plugin status --watch 0', 'expected seconds, from 0.1 to 86400'],
  ['routed-plugin events --since 10', 'expected 90s, 10m, 2h or 1d, or a time such as'],
  ['routed-plugin events --since yesterday', 'expected 90s, 10m, 2h or 1d, or a time such as'],
  ['routed-plugin drain --all --wait 30', 'expected a duration such as 500ms, 5s or 2m'],
  ['routed-plugin drain --all --wait', "'--wait <duration>' argument missing"],
  ['routed-plugin announce web --policy helthy', 'Allowed choices are always, running, healthy, manual'],
  ['routed-plugin doctor --ignore forwarding-ipv5', 'did you mean "forwarding-ipv'],
  ['routed-plugin doctor --router frr', 'Allowed choices are auto, none'],
  ['routed-plugin completion ksh', 'Allowed choices are bash, zsh, fish'],
  ['routed-plugin network block web-net 26', 'expected a prefix length such as /26'],
  ['routed-plugin serve --check --mtu 9k', 'expected a number from 68 to 65535, or auto'],
  ['routed-plugin serve --check --gateway 10.200.0.1/24', 'such as 10.200.0.1, without prefix length'],
  ['routed-plugin serve --check --metrics-port 127.0.0.1:9273', 'expected a port from 1 to 65535'],
  ['routed-plugin serve --check --state-dir routed', 'expected an absolute path'],
  ['ROUTED_MTU=jumbo routed-plugin serve --check', 'variable ROUTED_MTU="jumbo" (--mtu): expected a number'],
  ['ROUTED_GATWAY=10.0.0.1 routed-plugin serve --check', 'did you mean "ROUTED_GATEWAY"?'],
  ['ROUTED_LOGLEVEL=debug routed-plugin serve --check', 'did you mean "ROUTED_LOG_LEVEL"?'],
  // Sockets.
  ['routed-plugin status --admin-socket /nowhere.sock', 'name its socket with --admin-socket', 69],
  ['routed-plugin status --admin-socket FOREIGN', 'name the admin socket with --admin-socket', 69],
  ['routed-plugin status --admin-socket FILE', 'name its socket with --admin-socket', 69],
  // Containers, networks and addresses.
  ['routed-plugin address list wbe', 'did you mean web (c0ffee000000)?', 1],
  ['routed-plugin address list cache', '"docker ps --all" lists them', 1],
  ['routed-plugin address add 10.1.0.3 web', 'routed-plugin address add web 10.1.0.3'],
  ['routed-plugin address add web 10.1.0.3/24', 'expected one such as 10.1.0.20 or fd00:1::20, without prefix length'],
  ['routed-plugin address add web 10.9.0.3', 'routed.prefixes', 64],
  ['routed-plugin address add web 10.1.0.3 --network web-nte', '(on: web-net)', 1],
  ['routed-plugin address remove web 10.1.0.7', '(it has: 10.1.0.2)', 1],
  ['routed-plugin why 10.1.0.300', 'expected the form 10.1.0.2'],
  ['routed-plugin why wbe', 'did you mean web (c0ffee000000)?', 1],
  ['routed-plugin events web', 'routed-plugin events --container web'],
  ['routed-plugin ingress set wbe none', 'did you mean web (c0ffee000000)?', 1],
  ['routed-plugin ingress set web 10.0.0.0/33', 'expected such as 10.0.0.0/8, 10.1.2.3, 10.1.2.3-10.1.2.9'],
  ['routed-plugin ingress set web 443', 'expected such as 10.0.0.0/8, 10.1.2.3, 10.1.2.3-10.1.2.9'],
  ['routed-plugin egress set web any,10.0.0.0/8', '"any" must be the only entry'],
  ['routed-plugin ingress test web 10.0.0.0/8', 'expected one address, such as 10.1.2.3:443/tcp'],
  ['routed-plugin limit set web --in 100', 'write 100mbit or 100kbit'],
  ['routed-plugin limit set web --in fast', 'expected a rate such as 100mbit'],
  ['routed-plugin network forget apps', 'c98909000000 (10.1.0.0/16)', 1],
  ['routed-plugin network block web-nte', '(there are: web-net', 1],
  // Docker's own commands.
  ['docker network create -o routed.mut=1400', 'did you mean "routed.mtu"?', 1],
  ['docker network create -o routed.mtu=big', 'expected a number from 68 to 65535', 1],
  ['docker network create -o routed.ingress=10.0.0.0/33', 'expected such as 10.0.0.0/8, 10.1.2.3', 1],
  ['docker network create -o routed.announce=helthy', 'expected always, running, healthy or manual', 1],
  // quagga-config.
  ['quagga-config rendr', 'did you mean "render"?', 1],
  ['quagga-config show', 'did you mean "quagga-config render"?', 1],
  ['quagga-config rollback', 'did you mean "quagga-config revert"?', 1],
  ['quagga-config commit', 'did you mean "quagga-config apply"?', 1],
  ['quagga-config render --neighbour 10.0.0.1', 'Did you mean --neighbor?', 1],
  ['quagga-config render --protocol osfp', 'Allowed choices are ospf, bgp', 1],
  ['quagga-config apply --confirm-within 30', 'a time from 1s to 10m, such as 30s', 1],
  ['quagga-config plan --asn AS65001', 'a whole number, such as 65001', 1],
  ['quagga-config render', 'name a file, which "quagga-config init" proposes', 1],
  ['quagga-config check nofile.yaml', 'cannot read nofile.yaml: there is no such file', 1],
];

describe('a mistake of an operator', () => {
  let host: OperatedDaemon;

  before(async () => {
    host = await OperatedDaemon.start();
  });
  after(() => host.close());

  async function type(line: string): Promise<Ended> {
    const words = line.replace(/\b(FOREIGN|FILE)\b/, (name) => join(host.directory, name)).split(' ');
    const variables = words.filter((word) => /^ROUTED_\w+=/.test(word));
    const [program, ...args] = words.slice(variables.length);
    if (program === 'quagga-config') {
      const { code, out, err } = await cli(args);
      return { exitCode: code, stdout: out, stderr: err };
    }
    if (program === 'docker') {
      const options = [...line.matchAll(/-o (\S+?)=(\S+)/g)].map(([, key = '', value = '']) => [key, value]);
      const asked = createNetwork(host.daemon, {
        id: 'f'.repeat(64),
        subnet: '10.2.0.0/16',
        driverOptions: Object.fromEntries(options) as object,
      });
      const stderr = await asked.then(
        () => 'created',
        (error: unknown) => (error as Error).message,
      );
      return { exitCode: stderr === 'created' ? 0 : 1, stdout: '', stderr };
    }
    return await runLine(args, {
      ROUTED_ADMIN_SOCKET: host.adminSocket,
      ...(Object.fromEntries(variables.map((word) => word.split('='))) as Record<string, string>),
    });
  }

  for (const [line, fix, exitCode = 64] of MISTAKES) {
    it(`is answered by what to type instead: ${line}`, async () => {
      const ended = await type(line);

      expect(ended.stderr).to.contain(fix);
      expect(ended.exitCode, ended.stderr).to.equal(exitCode);
      expect(ended.stdout, 'what programs read').to.equal('');
      expect(ended.stderr, 'a stack trace').not.to.match(/^ +at /m);
      expect(
        ended.stderr.split('\n').every((part) => part.length <= 800),
        'a short answer',
      ).to.equal(true);
    });
  }
});

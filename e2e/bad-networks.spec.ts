import { expect } from 'chai';
import { createNetwork, runIdle } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { kernelState } from './support/kernel.ts';
import { setStage } from './support/stage.ts';
import { callsIn } from './support/plugin-log.ts';

interface BadNetwork {
  readonly what: string;
  readonly args: readonly string[];
  readonly says: RegExp;
  /** The same without the mistake, which then must go through: nothing holds the prefix any more. */
  readonly better?: readonly string[];
}

const routed = ['-d', 'routed', '--ipam-driver', 'routed'];
const mtuForm = /routed\.mtu=\w+: expected a number from 68 to 65535/;
const fresh = ['--subnet', '10.7.0.0/16'];

const networks: readonly BadNetwork[] = [
  {
    what: 'the prefix of another',
    args: [...routed, '--subnet', '10.1.0.0/16'],
    says: /10\.1\.0\.0\/16 is in use by network [0-9a-f]{12}.* choose another prefix/,
  },
  {
    what: 'a part of the prefix of another',
    args: [...routed, '--subnet', '10.1.128.0/17'],
    says: /10\.1\.128\.0\/17.* overlaps .*10\.1\.0\.0\/16/,
  },
  {
    what: 'a prefix that includes that of another',
    args: [...routed, '--subnet', '10.0.0.0/8'],
    says: /10\.0\.0\.0\/8.* overlaps .*10\.1\.0\.0\/16/,
  },
  {
    what: 'the prefix of the uplink',
    args: [...routed, '--subnet', '10.112.11.0/24'],
    says: /10\.112\.11\.0\/24.* overlaps .*eth1/,
  },
  {
    what: "the prefix of Docker's own bridge",
    args: [...routed, '--subnet', '172.17.128.0/17'],
    says: /172\.17\.128\.0\/17.* overlaps .*docker0/,
  },
  {
    what: 'no prefix',
    args: routed,
    says: /needs its IPv4 prefix: add --subnet 10\.1\.0\.0\/16/,
    better: [...routed, ...fresh],
  },
  {
    what: 'IPv6 without its prefix',
    args: [...routed, '--ipv6', ...fresh],
    says: /needs its IPv6 prefix: add --ipv6 --subnet fd00:1::\/64/,
    better: [...routed, ...fresh],
  },
  {
    what: 'an option that is none',
    args: [...routed, ...fresh, '-o', 'routed.foo=1'],
    says: /unknown driver option "routed\.foo"; known options: .*routed\.mtu/,
    better: [...routed, ...fresh],
  },
  {
    what: 'an MTU too small',
    args: [...routed, ...fresh, '-o', 'routed.mtu=67'],
    says: mtuForm,
    better: [...routed, ...fresh, '-o', 'routed.mtu=68'],
  },
  {
    what: 'an MTU too large',
    args: [...routed, ...fresh, '-o', 'routed.mtu=65536'],
    says: mtuForm,
    better: [...routed, ...fresh, '-o', 'routed.mtu=65535'],
  },
  { what: 'an MTU that is no number', args: [...routed, ...fresh, '-o', 'routed.mtu=abc'], says: mtuForm },
  {
    what: 'an MTU too small for IPv6',
    args: [...routed, ...fresh, '--ipv6', '--subnet', 'fd00:7::/64', '-o', 'routed.mtu=1279'],
    says: /IPv6 needs an MTU of at least 1280 bytes/,
    better: [...routed, ...fresh, '--ipv6', '--subnet', 'fd00:7::/64', '-o', 'routed.mtu=1280'],
  },
  {
    what: "Docker's own IPAM driver",
    args: ['-d', 'routed', '--subnet', '10.8.0.0/16'],
    says: /10\.8\.0\.0\/16 comes from another IPAM driver.*--ipam-driver routed/,
    better: [...routed, '--subnet', '10.8.0.0/16'],
  },
];

interface BadContainer {
  readonly what: string;
  readonly args: readonly string[];
  readonly says: RegExp;
}

const onMine = ['--network', 'mine'];

const containers: readonly BadContainer[] = [
  { what: 'an address of another prefix', args: [...onMine, '--ip', '10.9.0.1'], says: /10\.9\.0\.1/ },
  { what: 'an address in use', args: [...onMine, '--ip', '10.1.0.2'], says: /10\.1\.0\.2 .*in use by endpoint/ },
  {
    what: 'the address of the gateway',
    args: [...onMine, '--ip', '10.1.0.1'],
    says: /10\.1\.0\.1 .*in use by the gateway/,
  },
  {
    what: 'the address of the network',
    args: [...onMine, '--ip', '10.1.0.0'],
    says: /10\.1\.0\.0 .*it is the network address/,
  },
  {
    what: 'the broadcast address',
    args: [...onMine, '--ip', '10.1.255.255'],
    says: /10\.1\.255\.255 .*it is the broadcast address/,
  },
  {
    what: 'an option that is none',
    args: ['--network', 'name=mine,ip=10.1.0.9,driver-opt=routed.foo=1'],
    says: /unknown driver option "routed\.foo"/,
  },
  { what: 'the last address taken', args: ['--network', 'full'], says: /no free address in pool .*10\.2\.0\.0\/30/ },
];

for (const engine of ENGINES_IN_FULL) {
  describe(`a mistake that Docker's user makes (Docker ${engine})`, () => {
    const flags = ['--gateway', '10.1.0.1', '--debug', '--log-format', 'json'];
    const stage = setStage({ host: { engine }, plugin: { flags } });

    before(async () => {
      await createNetwork(stage.host, 'mine', '10.1.0.0/16');
      await createNetwork(stage.host, 'full', '10.2.0.0/30');
      await runIdle(stage.host, 'taken', '--network', 'mine', '--ip', '10.1.0.2');
      await runIdle(stage.host, 'full1', '--network', 'full');
      await runIdle(stage.host, 'full2', '--network', 'full');
    });

    describe('with a network', () => {
      for (const { what, args, says, better } of networks) {
        it(`is explained, and leaves nothing: ${what}`, async () => {
          const { host } = stage;
          const before = await kernelState(host);

          const { exitCode, stderr } = await host.tryDocker('network', 'create', ...args, 'wrong');

          expect(exitCode, stderr).to.equal(1);
          expect(stderr).to.match(says);
          expect(await kernelState(host)).to.deep.equal(before);
          expect(await host.docker('network', 'ls', '--quiet', '--filter', 'name=wrong')).to.equal('');
          if (better === undefined) return;
          await host.docker('network', 'create', ...better, 'right');
          await host.docker('network', 'rm', 'right');
        });
      }
    });

    describe('with a container', () => {
      for (const { what, args, says } of containers) {
        it(`is explained, and leaves nothing: ${what}`, async () => {
          const { host } = stage;
          const before = await kernelState(host);

          const { exitCode, stderr } = await host.tryDocker('run', '--rm', ...args, 'alpine', 'true');

          expect(exitCode, stderr).to.equal(125);
          expect(stderr).to.match(says);
          expect(await kernelState(host)).to.deep.equal(before);
        });
      }

      it('leaves the address free that was asked for', async () => {
        await stage.host.docker('run', '--rm', ...onMine, '--ip', '10.1.0.9', 'alpine', 'true');
      });

      it('is over for a full network when a container ends', async () => {
        await stage.host.docker('rm', '--force', 'full1');

        await runIdle(stage.host, 'full1', '--network', 'full');
      });

      it('does not make Docker ask again and again', async () => {
        const calls = callsIn(await stage.plugin.log());

        expect(calls.filter((method) => method === 'IpamDriver.RequestPool').length).to.be.lessThan(40);
      });
    });
  });
}

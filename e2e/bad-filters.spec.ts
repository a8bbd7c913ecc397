import { expect } from 'chai';
import { addressSeenBy, createNetwork, endpointIdOf, idle, runIdle, webServer } from './support/containers.ts';
import { hide, unhide } from './support/programs.ts';
import { eventually } from './support/eventually.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

const [web, friend] = ['10.1.0.2', '10.1.0.3'] as const;

describe('filters that cannot be, or hardly', () => {
  const stage = setStage();

  const ingress = async (line: string, input = ''): Promise<{ exitCode: number; stdout: string; stderr: string }> => {
    await stage.host.exec(['sh', '-c', 'cat > /run/list'], { input });
    const { exitCode, stdout, stderr } = await type(stage.host, `routed-plugin ingress ${line} < /run/list`);
    return { exitCode, stdout, stderr };
  };
  const listOf = async (container: string): Promise<string> => {
    const [status] = JSON.parse((await ingress(`show ${container} --json`)).stdout) as [{ ingress: string }];
    return status.ingress;
  };
  const runWith = (list: string) =>
    stage.host.tryDocker(
      'run',
      '--rm',
      '--network',
      `name=apps,driver-opt=routed.ingress=${list}`,
      ...idle.slice(0, 1),
      'true',
    );
  const filtersOf = async (endpointId: string): Promise<string> => {
    const { stdout } = await stage.host.exec(['nft', 'list', 'ruleset']);
    return stdout
      .split('\n')
      .filter((line) => line.includes(`vethr${endpointId.slice(0, 10)}`))
      .join('\n');
  };

  before(async () => {
    await createNetwork(stage.host, 'apps', '10.1.0.0/16');
    await stage.host.docker('run', '-d', '--name', 'web', '--network', 'apps', '--ip', web, ...webServer);
    await runIdle(stage.host, 'friend', '--network', 'apps', '--ip', friend);
  });

  it('names the entry that cannot be read, and where it is', async () => {
    const { stderr } = await stage.host.tryDocker(
      ...'network create -d routed --ipam-driver routed --subnet 10.2.0.0/16 -o'.split(' '),
      'routed.ingress=10.0.0.0/8, 10.0.0.256',
      'bad',
    );
    expect(stderr).to.contain('"10.0.0.256"').and.to.contain('character 13');

    expect((await runWith('10.0.0.0/8+fd00::1/8')).stderr)
      .to.contain('character 12')
      .and.to.contain('write fd00::/8');

    const { exitCode, stderr: said } = await ingress('set web "10.0.0.1 10.0.0.2:http"');
    expect(exitCode).to.equal(64);
    expect(said).to.contain('character 10').and.to.contain('port "http"');
    expect(await listOf('web')).to.equal('any');
  });

  it('does not take an empty list for nobody: that has to be asked for', async () => {
    for (const text of ['', ' , ']) {
      const { exitCode, stderr } = await ingress(`set web "${text}"`);
      expect(exitCode).to.equal(64);
      expect(stderr).to.contain('empty').and.to.contain('"none"');
    }
    expect((await runWith('')).stderr)
      .to.contain('empty')
      .and.to.contain('"none"');
    expect(await listOf('web')).to.equal('any');

    expect((await ingress('set web none')).exitCode).to.equal(0);
    expect(await listOf('web')).to.equal('none');
  });

  it('merges entries that overlap or touch', async () => {
    await ingress('set web "10.0.0.0/9; 10.128.0.0/9 10.1.2.3, 10.7.0.0-10.7.0.9, fd00::1, fd00::/64"');

    expect(await listOf('web')).to.equal('10.0.0.0/8,fd00::/64');
  });

  it('takes ten thousand entries, by standard input', async () => {
    const entries = Array.from({ length: 9_999 }, (_, index) => `172.16.${index >> 7}.${(index & 127) * 2}`);

    expect(await ingress('set web -', [...entries, friend].join('\n'))).to.include({ exitCode: 0, stderr: '' });

    expect((await listOf('web')).split(',')).to.have.lengthOf(10_000);
    await eventually(async () => expect(await addressSeenBy(stage.host, web, 'friend')).to.equal(friend));
    await ingress('set web -', entries.join('\n'));
    expect(await addressSeenBy(stage.host, web, 'friend').catch(() => 'refused')).to.equal('refused');
    expect((await ingress('set web any')).exitCode).to.equal(0);
  });

  it('leaves nothing of a list for a container that goes meanwhile', async () => {
    for (let round = 0; round < 2; round++) {
      await runIdle(stage.host, 'brief', '--network', 'apps');
      const id = await endpointIdOf(stage.host, 'brief', 'apps');

      const setting = Array.from({ length: 3 }, () => ingress('set brief 10.0.0.0/8'));
      const [, ...replies] = await Promise.all([stage.host.docker('rm', '--force', 'brief'), ...setting]);

      for (const { exitCode, stderr } of replies)
        if (exitCode !== 0)
          expect(stderr)
            .to.match(/brief|endpoint/)
            .and.to.not.contain('internal');
      await eventually(async () => expect(await filtersOf(id)).to.equal(''));
    }
    const { exitCode, stderr } = await ingress('set brief none');
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/brief/);
  });

  describe('names, on a kernel that hands packets to no program', () => {
    const egress = (list: string) => type(stage.host, `routed-plugin egress set web "${list}"`);
    const create = (name: string, subnet: string, list: string) =>
      stage.host.tryDocker(
        ...`network create -d routed --ipam-driver routed --subnet ${subnet} -o routed.egress=${list} ${name}`.split(
          ' ',
        ),
      );
    const missing = /names in lists of destinations: .*no program.*: list addresses and prefixes instead of names/;
    const refusingQueues = `
      cp /usr/sbin/nft /usr/sbin/nft.real
      cat > /usr/sbin/nft.new <<'END'
#!/bin/sh
[ "$1" = -f ] || exec /usr/sbin/nft.real "$@"
input=$(cat)
case "$input" in *'queue num'*) exit 1;; esac
printf '%s\n' "$input" | /usr/sbin/nft.real "$@"
END
      chmod +x /usr/sbin/nft.new
      mv /usr/sbin/nft.new /usr/sbin/nft`;

    before(async () => {
      for (const program of ['iptables-restore', 'ip6tables-restore']) await hide(stage.host, program);
      await stage.host.exec(['sh', '-ec', refusingQueues]);
    });
    after(() => unhide(stage.host));

    it('are refused with the reason, of a network and of a container; addresses are not', async () => {
      expect((await create('named', '10.3.0.0/16', 'api.example.com')).stderr).to.match(missing);
      const { exitCode, stderr } = await egress('api.example.com:443');
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(missing);

      const created = await create('listed', '10.3.0.0/16', '10.0.0.0/8');
      expect(created.exitCode, created.stderr).to.equal(0);
      expect((await egress('10.0.0.0/8')).exitCode).to.equal(0);
    });
  });

  describe('names, where the kernel hands packets over', () => {
    it('warns of a wildcard over what anybody may register', async () => {
      const { exitCode, stdout, stderr } = await type(
        stage.host,
        'routed-plugin egress set web "*.com api.example.com"',
      );

      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      expect(stdout).to.contain('WARNING').and.to.contain('"*.com" covers names that anybody may register');
      expect((await type(stage.host, 'routed-plugin egress set web any')).stdout).not.to.contain('WARNING');
    });
  });

  describe('without nft', () => {
    before(async () => {
      await stage.plugin.stop('SIGTERM');
      await hide(stage.host, 'nft');
      stage.plugin = await stage.host.startPlugin();
    });

    after(async () => {
      await stage.plugin.stop('SIGTERM');
      await unhide(stage.host);
      stage.plugin = await stage.host.startPlugin();
    });

    it('starts containers that have no list', async () => {
      await createNetwork(stage.host, 'plain', '10.2.0.0/16');
      const { exitCode, stderr } = await stage.host.tryDocker('run', '--rm', '--network', 'plain', 'alpine', 'true');
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      expect((await stage.plugin.log()).toLowerCase()).to.contain('nft not found: anti-spoofing is disabled');
    });

    it('refuses those that might have one, where an operator gave lists: it cannot close them until it is known', async () => {
      expect((await stage.host.tryDocker('run', '--rm', '--network', 'apps', 'alpine', 'true')).stderr).to.match(
        /the program "nft" is not installed on this host/,
      );
    });

    it('refuses those that have one, and says what to install', async () => {
      const missing = /the program "nft" is not installed on this host: install the package nftables/;

      expect((await runWith('10.0.0.0/8')).stderr).to.match(missing);
      const { exitCode, stderr } = await ingress('set web 10.0.0.0/8');
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(missing);
    });
  });

  it('filters again once nft is there', async () => {
    const { exitCode, stderr } = await ingress('set web none');
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(await addressSeenBy(stage.host, web, 'friend').catch(() => 'refused')).to.equal('refused');
  });
});

import { expect } from 'chai';
import { addressSeenBy, createNetwork, runIdle, untilServed, webServer } from './support/containers.ts';
import { NEWEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

const [web, friend, stranger] = ['10.1.0.2', '10.1.0.3', '10.1.0.4'] as const;

/** What sites made for the Go plugin: what CONTAINERS lets in may enter, the rest is refused. `10.1.0.9` is no container's. */
const siteScript = `
  iptables -N CONTAINER-REJECT
  iptables -A CONTAINER-REJECT -p tcp -j REJECT --reject-with tcp-reset
  iptables -A CONTAINER-REJECT -j REJECT
  iptables -N CONTAINERS
  iptables -A CONTAINERS -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  iptables -A CONTAINERS -d ${web} -s ${friend} -j ACCEPT
  iptables -A CONTAINERS -d ${web} -s ${stranger} -p tcp --dport 80 -j ACCEPT
  iptables -A CONTAINERS -j CONTAINER-REJECT
  iptables -I FORWARD -o vethr+ -j CONTAINERS`;

for (const engine of NEWEST_OR_EACH) {
  describe(`a site with chains CONTAINERS and CONTAINER-REJECT of its own (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const sh = async (script: string): Promise<string> => (await stage.host.exec(['sh', '-ec', script])).stdout;
    const chains = (): Promise<string> => sh('iptables -S CONTAINERS; iptables -S CONTAINER-REJECT');
    const ingress = async (list: string): Promise<void> => {
      const { exitCode, stderr } = await type(stage.host, `routed-plugin ingress set web "${list}"`);
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    };
    /** `in`, or `refused` at once; dropped silently, the request would take three seconds. */
    const entry = async (from: string): Promise<string> => {
      const started = performance.now();
      const seen = await addressSeenBy(stage.host, web, from).catch((error: unknown) => String(error));
      if (seen === (from === 'friend' ? friend : stranger)) return 'in';
      return /refused|reset/i.test(seen) && performance.now() - started < 2_500 ? 'refused' : seen;
    };
    const expectEntry = (wanted: { readonly friend: string; readonly stranger: string }): Promise<void> =>
      eventually(async () => {
        expect({ friend: await entry('friend'), stranger: await entry('stranger') }).to.deep.equal(wanted);
      });
    let site = '';

    before(async () => {
      await createNetwork(stage.host, 'apps', '10.1.0.0/16');
      await stage.host.docker('run', '-d', '--name', 'web', '--network', 'apps', '--ip', web, ...webServer);
      await runIdle(stage.host, 'friend', '--network', 'apps', '--ip', friend);
      await runIdle(stage.host, 'stranger', '--network', 'apps', '--ip', stranger);
      await untilServed(stage.host, web);
      await sh(siteScript);
      site = await chains();
    });

    it('keeps them in force, and called first', async () => {
      await expectEntry({ friend: 'in', stranger: 'in' });
      await sh(`iptables -R CONTAINERS 3 -d ${web} -s ${stranger} -p tcp --dport 81 -j ACCEPT`);
      await expectEntry({ friend: 'in', stranger: 'refused' });

      await sh(`iptables -R CONTAINERS 3 -d ${web} -s ${stranger} -p tcp --dport 80 -j ACCEPT`);
      const forward = (await sh('iptables -S FORWARD')).split('\n').filter((line) => line.startsWith('-A'));
      expect(forward[0]).to.equal('-A FORWARD -o vethr+ -j CONTAINERS');
      expect(forward.filter((line) => line !== '').at(-1)).to.equal('-A FORWARD -j ROUTED-FORWARD');
    });

    it('lets a list of a container narrow what they let in, never widen it', async () => {
      await ingress(friend);
      await expectEntry({ friend: 'in', stranger: 'refused' });

      await sh('iptables -D CONTAINERS 2');
      await ingress('any');
      await expectEntry({ friend: 'refused', stranger: 'in' });
      await ingress(friend);
      await expectEntry({ friend: 'refused', stranger: 'refused' });

      await sh(`iptables -I CONTAINERS 2 -d ${web} -s ${friend} -j ACCEPT`);
    });

    it('never finds them changed by the plugin: not by lists, not by a restart', async () => {
      await stage.plugin.stop('SIGKILL');
      stage.plugin = await stage.host.startPlugin();
      await ingress(friend);

      await expectEntry({ friend: 'in', stranger: 'refused' });
      expect(await chains()).to.equal(site);
    });

    const reloads: readonly (readonly [string, string])[] = [
      [
        'firewalld does it, in tables of its own and with a flush of all others',
        'nft add table inet firewalld; nft add chain inet firewalld filter_FORWARD "{ type filter hook forward priority 10; policy accept; }";' +
          'iptables -F; ip6tables -F; nft delete table inet firewalld',
      ],
      ['a script of the site does it, from a file', 'iptables-restore < /run/site-rules'],
    ];
    for (const [how, reload] of reloads) {
      it(`holds its lists during a reload as ${how}`, async () => {
        await sh('iptables-save | grep -v ROUTED-FORWARD > /run/site-rules');
        await expectEntry({ friend: 'in', stranger: 'refused' });
        const during = Promise.all(Array.from({ length: 3 }, () => entry('stranger')));

        await sh(reload);

        // The policy of Docker's FORWARD may drop until the plugin's rules are back: not let in is what counts.
        for (const outcome of await during) expect(outcome).to.not.equal('in');
        await eventually(async () => expect(await sh('iptables -S FORWARD')).to.contain('-j ROUTED-FORWARD'), 2_000);
        await sh('iptables-restore < /run/site-rules');
        await eventually(async () => expect(await sh('iptables -S FORWARD')).to.contain('-j ROUTED-FORWARD'), 2_000);
        await expectEntry({ friend: 'in', stranger: 'refused' });
        expect(await chains()).to.equal(site);
      });
    }

    it('finds them again after Docker was restarted', async () => {
      await stage.host.restartEngine();
      await stage.host.docker('start', 'web', 'friend', 'stranger');

      await expectEntry({ friend: 'in', stranger: 'refused' });
      expect(await chains()).to.equal(site);
    });

    it('lets a site give them up: the list alone decides then', async () => {
      await sh(
        'iptables -D FORWARD -o vethr+ -j CONTAINERS; iptables -F CONTAINERS; iptables -X CONTAINERS;' +
          'iptables -F CONTAINER-REJECT; iptables -X CONTAINER-REJECT',
      );

      await expectEntry({ friend: 'in', stranger: 'refused' });
      await ingress('any');
      await expectEntry({ friend: 'in', stranger: 'in' });
    });
  });
}

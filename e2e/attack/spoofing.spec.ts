import { expect } from 'chai';
import { createNetwork, runIdle } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { setStage } from '../support/stage.ts';
import { report } from './support/count.ts';
import { inContainer, macOf, onHost, type Place, sendFrom } from './support/namespaces.ts';
import { frame, ipv4, PROTOCOL, udp } from './support/packets.ts';
import { markedMac, SPOOFING_FORMS, type SpoofingScene } from './support/spoofing-forms.ts';
import { placeWitness, SEEN, type Witness } from './support/witness.ts';

const [victim4, victim6] = ['10.1.0.9', 'fd00:1::9'] as const;
const FIRST_ID = 0xa000;
const LAST_ID = 0xafff;

if (ENGINES_IN_FULL.length > 0) {
  describe('attack: a container that sends as somebody else', () => {
    const stage = setStage();
    let witness: Witness;

    before(async () => {
      const { host } = stage;
      const pools = ['--ipv6', '--subnet', 'fd00:1::/64'];
      await createNetwork(host, 'n', '10.1.0.0/16', ...pools);
      await createNetwork(host, 'lax', '10.2.0.0/16', '--ipv6', '--subnet', 'fd00:2::/64', '-o', 'routed.spoof=allow');
      await runIdle(host, 'victim', '--network', 'n', '--ip', victim4, '--ip6', victim6);
      await runIdle(host, 'strict', '--network', 'n', '--ip', '10.1.0.2', '--ip6', 'fd00:1::2');
      await runIdle(host, 'allowed', '--network', 'lax', '--ip', '10.2.0.2', '--ip6', 'fd00:2::2');
      witness = await placeWitness(onHost(host), SEEN.afterSenders);
    });

    /** Sends every form from a container, and returns those that came by the filter of senders. */
    async function passing(container: string, own: readonly [ipv4: string, ipv6: string]): Promise<string[]> {
      const place = await inContainer(stage.host, container);
      const scene = await sceneOf(place, own);
      await witness.seen();
      await witness.seenInArp();
      const frames = SPOOFING_FORMS.flatMap((form, index) => form.frames(scene, FIRST_ID + index));
      const last = { source: scene.own4, target: scene.other4 };
      const honest = frame(scene, ipv4({ ...last, protocol: PROTOCOL.udp, id: LAST_ID }, udp(last)));
      await sendFrom(
        place,
        [...frames, honest].map((bytes) => `frame eth0 ${bytes.toString('hex')}`),
      );
      const [inIp, inArp] = [new Set<number>(), new Set<string>()];
      await eventually(async () => {
        for (const id of await witness.seen()) inIp.add(id);
        for (const mac of await witness.seenInArp()) inArp.add(mac);
        expect([...inIp], 'the honest packet behind the others').to.include(LAST_ID);
      });
      return SPOOFING_FORMS.filter(({ kind }, index) =>
        kind === 'ip' ? inIp.has(FIRST_ID + index) : inArp.has(markedMac(FIRST_ID + index)),
      ).map(({ what }) => what);
    }

    async function sceneOf(place: Place, [own4, own6]: readonly [string, string]): Promise<SpoofingScene> {
      const [host4 = ''] = (stage.host.address ?? '').split('/');
      const targetMac = await macOf(onHost(stage.host), await hostLink(own4));
      const other = { other4: victim4, other6: victim6 };
      return { sourceMac: await macOf(place, 'eth0'), targetMac, own4, own6, ...other, host4, gateway4: '169.254.1.1' };
    }

    async function hostLink(address: string): Promise<string> {
      const { stdout } = await stage.host.exec(['ip', '-json', 'route', 'get', address]);
      return (JSON.parse(stdout) as [{ readonly dev: string }])[0].dev;
    }

    it('gets nothing past the host, in any form', async () => {
      const allowed = await passing('allowed', ['10.2.0.2', 'fd00:2::2']);
      expect(allowed, 'what passes where it is allowed').to.deep.equal(SPOOFING_FORMS.map(({ what }) => what));

      const passed = await passing('strict', ['10.1.0.2', 'fd00:1::2']);

      report(`spoofing: ${SPOOFING_FORMS.length} forms, ${passed.length} passed; control: ${allowed.length} passed`);
      expect(passed).to.deep.equal([]);
    });
  });
}

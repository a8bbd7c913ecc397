import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { addressOf, createNetwork, runIdle } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { setStage } from '../support/stage.ts';
import { report } from './support/count.ts';
import { ENTRY_FORMS, type EntryForm, FLOW } from './support/entry-forms.ts';
import { inContainer, macOf, onHost, type Place, sendFrom } from './support/namespaces.ts';
import { type Ends, frame, ipv4, PROTOCOL, udp } from './support/packets.ts';
import { placeWitness, SEEN, type Witness } from './support/witness.ts';

const FIRST_ID = 0xb000;
const LAST_ID = 0xbfff;

/** Somebody who wants in. */
interface Intruder {
  readonly name: string;
  readonly addresses: { readonly 4: string; readonly 6: string };
  readonly place: Place;
  /** A line of `send.pl` for a packet. */
  line(packet: Buffer, target: string): string;
}

interface Target {
  readonly place: Place;
  readonly addresses: { readonly 4: string; readonly 6: string };
  readonly witness: Witness;
}

if (ENGINES_IN_FULL.length > 0) {
  describe('attack: entering a container whose list is "none"', () => {
    const stage = setStage();
    let outside: Host;
    let [open, closed]: Target[] = [];

    before(async () => {
      const { lab, host } = stage;
      outside = await lab.addHost({ engine: 'none' });
      await createNetwork(host, 'n', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await createNetwork(host, 'other', '10.2.0.0/16', '--ipv6', '--subnet', 'fd00:2::/64');
      await runIdle(host, 'open', '--network', 'n', '--ip', '10.1.0.8', '--ip6', 'fd00:1::8');
      const closing = 'name=n,ip=10.1.0.9,ip6=fd00:1::9,driver-opt=routed.ingress=none';
      await runIdle(host, 'closed', '--network', closing);
      await runIdle(host, 'beside', '--network', 'n', '--ip', '10.1.0.2', '--ip6', 'fd00:1::2');
      await runIdle(host, 'elsewhere', '--network', 'other', '--ip', '10.2.0.2', '--ip6', 'fd00:2::2');
      await runIdle(host, 'bridged');
      for (const [at, one] of [
        [host, 1],
        [outside, 2],
      ] as const) {
        await at.exec(['ip', 'address', 'add', `fd00:9::${one}/64`, 'dev', 'eth1', 'nodad']);
      }
      open = await targetOf('open', { 4: '10.1.0.8', 6: 'fd00:1::8' });
      closed = await targetOf('closed', { 4: '10.1.0.9', 6: 'fd00:1::9' });
    });

    async function targetOf(name: string, addresses: Target['addresses']): Promise<Target> {
      const place = await inContainer(stage.host, name);
      return { place, addresses, witness: await placeWitness(place, SEEN.first) };
    }

    async function container(name: string, addresses: Intruder['addresses']): Promise<Intruder> {
      const place = await inContainer(stage.host, name);
      const { stdout } = await stage.host.exec(['ip', '-json', 'route', 'get', addresses[4]]);
      const [{ dev }] = JSON.parse(stdout) as [{ readonly dev: string }];
      const ends = { sourceMac: await macOf(place, 'eth0'), targetMac: await macOf(onHost(stage.host), dev) };
      return { name, addresses, place, line: (packet) => `frame eth0 ${frame(ends, packet).toString('hex')}` };
    }

    async function otherHost(): Promise<Intruder> {
      const place = onHost(outside);
      const ends = { sourceMac: await macOf(place, 'eth1'), targetMac: await macOf(onHost(stage.host), 'eth1') };
      const [ipv4Address = ''] = (outside.address ?? '').split('/');
      const line: Intruder['line'] = (packet) => `frame eth1 ${frame(ends, packet).toString('hex')}`;
      return { name: 'another host', addresses: { 4: ipv4Address, 6: 'fd00:9::2' }, place, line };
    }

    function theHost(): Intruder {
      const [ipv4Address = ''] = (stage.host.address ?? '').split('/');
      const line: Intruder['line'] = (packet, target) =>
        `${target.includes(':') ? 'ip6' : 'ip4'} ${target} ${packet.toString('hex')}`;
      return { name: 'the host', addresses: { 4: ipv4Address, 6: 'fd00:9::1' }, place: onHost(stage.host), line };
    }

    const endsOf = (intruder: Intruder, target: Target, { family }: Pick<EntryForm, 'family'>): Ends => ({
      source: intruder.addresses[family],
      target: target.addresses[family],
    });

    /** The container begins a flow to the intruder, to which some forms pretend to belong. */
    async function beginFlow(intruder: Intruder, target: Target): Promise<void> {
      const { source, target: to } = endsOf(intruder, target, { family: 4 });
      const back = { source: to, target: source };
      const packet = ipv4({ ...back, protocol: PROTOCOL.udp, id: 1 }, udp(back, FLOW));
      await sendFrom(target.place, [`ip4 ${source} ${packet.toString('hex')}`]);
    }

    /** Tries every form, and returns those that arrived. */
    async function tryAll(intruder: Intruder, target: Target, forms: readonly EntryForm[]): Promise<string[]> {
      await beginFlow(intruder, target);
      await target.witness.seen();
      const lines = forms.flatMap((form, index) => {
        const ends = endsOf(intruder, target, form);
        return form.packets(ends, FIRST_ID + index).map((packet) => intruder.line(packet, ends.target));
      });
      await sendFrom(intruder.place, lines);
      await untilAllHaveCome(intruder, target);
      const seen = await target.witness.seen();
      return forms.filter((_form, index) => seen.has(FIRST_ID + index)).map(({ what }) => what);
    }

    /** An answer that the container waits for is let in: what was sent before it has come, or does not come. */
    async function untilAllHaveCome(intruder: Intruder, target: Target): Promise<void> {
      const ends = endsOf(intruder, target, { family: 4 });
      const answer = udp(ends, { from: FLOW.to, to: FLOW.from }, 'last');
      const packet = ipv4({ ...ends, protocol: PROTOCOL.udp, id: LAST_ID }, answer);
      await sendFrom(intruder.place, [intruder.line(packet, ends.target)]);
      await eventually(async () => {
        const { stdout } = await target.place.run(['nft', 'list', 'set', 'inet', 'witness', 'seen4']);
        expect(stdout, 'the last packet').to.match(new RegExp(`\\b${LAST_ID}\\b`));
      });
    }

    const intruders: readonly (readonly [string, () => Promise<Intruder> | Intruder])[] = [
      ['another host', otherHost],
      ['a container of the same network', () => container('beside', { 4: '10.1.0.2', 6: 'fd00:1::2' })],
      ['a container of another network', () => container('elsewhere', { 4: '10.2.0.2', 6: 'fd00:2::2' })],
      ['the host itself', theHost],
    ];
    for (const [name, make] of intruders) {
      it(`is refused in every form but those that the page on filters names, to ${name}`, async () => {
        const intruder = await make();
        const names = (kind?: EntryForm['expected']): string[] =>
          ENTRY_FORMS.filter(({ expected }) => expected === kind).map(({ what }) => what);

        const control = await tryAll(intruder, open!, ENTRY_FORMS);
        expect(
          [...names(), ...names('wanted')].filter((what) => !control.includes(what)),
          'control',
        ).to.deep.equal([]);

        const entered = await tryAll(intruder, closed!, ENTRY_FORMS);
        const passed = entered.filter((what) => !names('wanted').includes(what));

        report(
          `entering, from ${name}: ${ENTRY_FORMS.length} forms, ${passed.length} passed, ${names('wanted').length} ` +
            `are meant to; control: ${control.length} passed`,
        );
        expect(passed).to.deep.equal([]);
        expect(entered, 'what is meant to pass').to.include.members(names('wanted'));
      });
    }

    it('is refused to a container of a bridge network, by TCP, UDP and ping', async () => {
      const address = await addressOf(stage.host, 'bridged', 'bridge');
      const intruder = await bridgeContainer(address);
      const forms = ENTRY_FORMS.filter(({ what }) => /^IPv4: (TCP with SYN|UDP|ICMP echo)$/.test(what));
      expect(forms).to.have.lengthOf(3);

      expect(await tryAllPlainly(intruder, open!, forms), 'control').to.deep.equal(forms.map(({ what }) => what));

      const passed = await tryAllPlainly(intruder, closed!, forms);
      report(
        `entering, from a bridge network: ${forms.length} forms, ${passed.length} passed; control: ${forms.length}`,
      );
      expect(passed).to.deep.equal([]);
    });

    async function bridgeContainer(address: string): Promise<Intruder> {
      const place = await inContainer(stage.host, 'bridged');
      const line: Intruder['line'] = (packet, target) => `ip4 ${target} ${packet.toString('hex')}`;
      return { name: 'a bridge network', addresses: { 4: address, 6: '::' }, place, line };
    }

    /** Without a flow: what comes from a bridge network comes from another address, the host's. */
    async function tryAllPlainly(intruder: Intruder, target: Target, forms: readonly EntryForm[]): Promise<string[]> {
      await target.witness.seen();
      const lines = forms.flatMap((form, index) => {
        const ends = endsOf(intruder, target, form);
        return form.packets(ends, FIRST_ID + index).map((packet) => intruder.line(packet, ends.target));
      });
      // A first one, for neighbour resolution.
      await intruder.place.run(['ping', '-c', '1', '-W', '1', stage.host.address?.split('/')[0] ?? '']);
      await sendFrom(intruder.place, lines);
      await intruder.place.run(['ping', '-c', '1', '-W', '1', stage.host.address?.split('/')[0] ?? '']);
      const seen = await target.witness.seen();
      return forms.filter((_form, index) => seen.has(FIRST_ID + index)).map(({ what }) => what);
    }
  });
}

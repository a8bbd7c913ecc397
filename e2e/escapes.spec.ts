import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { report } from './attack/support/count.ts';
import { ENTRY_FORMS, type EntryForm, FLOW } from './attack/support/entry-forms.ts';
import { inContainer, macOf, onHost, type Place, sendFrom } from './attack/support/namespaces.ts';
import { type Ends, frame, ipv4, PROTOCOL, udp } from './attack/support/packets.ts';
import { placeWitness, SEEN, type Witness } from './attack/support/witness.ts';
import { createNetwork, runIdle } from './support/containers.ts';
import { NEWEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { setStage } from './support/stage.ts';

const FIRST_ID = 0xb000;
const LAST_ID = 0xbfff;

interface Addresses {
  readonly 4: string;
  readonly 6: string;
}

/** Root in a container, who wants out. */
interface Captive {
  readonly place: Place;
  readonly addresses: Addresses;
  line(packet: Buffer): string;
}

/** Who must not hear of it. */
interface Target {
  readonly place: Place;
  readonly addresses: Addresses;
  readonly witness: Witness;
}

/** What passes a list of "none": it belongs to a connection that the target began. */
const ANSWERS = [
  'IPv4: UDP, an answer that the container waits for',
  'IPv4: ICMP port unreachable about a flow of the container',
];
/** What a container tells its next hop, which is the host. */
const TO_NEXT_HOP = ['IPv6: neighbour discovery'];

for (const engine of NEWEST_OR_EACH) {
  describe(`a container that may go nowhere, and whose root tries (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    let outside: Host;
    const captives = new Map<string, Captive>();
    const targets = new Map<string, Target>();

    before(async function () {
      this.timeout(180_000);
      const { lab, host } = stage;
      outside = await lab.addHost({ engine: 'none' });
      await createNetwork(host, 'n', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await createNetwork(
        host,
        'other',
        '10.2.0.0/16',
        '--ipv6',
        '--subnet',
        'fd00:2::/64',
        '-o',
        'routed.egress=none',
      );
      const run = (name: string, network: string, last: number, ...options: string[]): Promise<void> => {
        const net = network === 'n' ? 1 : 2;
        const more = options.map((option) => `,driver-opt=${option}`).join('');
        return runIdle(
          host,
          name,
          '--network',
          `name=${network},ip=10.${net}.0.${last},ip6=fd00:${net}::${last}${more}`,
        );
      };
      await run('free', 'n', 8);
      await run('captive', 'n', 9, 'routed.egress=none', 'routed.dns=10.9.0.53');
      await run('forwarder', 'n', 10, 'routed.egress=none', 'routed.spoof=allow');
      await run('beside', 'n', 2);
      await host.docker('network', 'connect', '--ip', '10.2.0.9', '--ip6', 'fd00:2::9', 'other', 'captive');
      for (const [at, one] of [
        [host, 1],
        [outside, 2],
      ] as const) {
        await at.exec(['ip', 'address', 'add', `fd00:9::${one}/64`, 'dev', 'eth1', 'nodad']);
      }
      await outside.exec(['ip', 'route', 'add', '10.0.0.0/14', 'via', addressOfHost(host)]);
      await outside.exec(['ip', '-6', 'route', 'add', 'fd00::/30', 'via', 'fd00:9::1']);
      for (const [name, last] of Object.entries({ free: 8, captive: 9, forwarder: 10 })) {
        captives.set(name, await captive(name, 'eth0', { 4: `10.1.0.${last}`, 6: `fd00:1::${last}` }));
      }
      captives.set(
        'captive, by its second network',
        await captive('captive', 'eth1', { 4: '10.2.0.9', 6: 'fd00:2::9' }),
      );
      const beside = await inContainer(host, 'beside');
      await addTarget('a container', beside, { 4: '10.1.0.2', 6: 'fd00:1::2' }, 'arriving');
      await addTarget('another host', onHost(outside), { 4: addressOfHost(outside), 6: 'fd00:9::2' }, 'arriving');
      await addTarget('the host', onHost(host), { 4: addressOfHost(host), 6: 'fd00:9::1' }, 'received');
    });

    const addressOfHost = (host: Host): string => (host.address ?? '').split('/')[0] ?? '';

    async function captive(name: string, link: string, addresses: Addresses): Promise<Captive> {
      const place = await inContainer(stage.host, name);
      const { stdout } = await stage.host.exec(['ip', '-json', 'route', 'get', addresses[4]]);
      const [{ dev }] = JSON.parse(stdout) as [{ readonly dev: string }];
      const ends = { sourceMac: await macOf(place, link), targetMac: await macOf(onHost(stage.host), dev) };
      return { addresses, place, line: (packet) => `frame ${link} ${frame(ends, packet).toString('hex')}` };
    }

    async function addTarget(
      name: string,
      place: Place,
      addresses: Addresses,
      where: 'arriving' | 'received',
    ): Promise<void> {
      const witness = await (where === 'arriving'
        ? placeWitness(place, SEEN.first)
        : placeWitness(place, SEEN.received, 'input'));
      targets.set(name, { place, addresses, witness });
    }

    const endsOf = (
      from: Captive,
      target: Target,
      { family }: Pick<EntryForm, 'family'>,
      source?: Addresses,
    ): Ends => ({
      source: (source ?? from.addresses)[family],
      target: target.addresses[family],
    });

    /** The target begins a flow, to which some forms belong, or pretend to. */
    async function beginFlow(from: Captive, target: Target): Promise<void> {
      const back = { source: target.addresses[4], target: from.addresses[4] };
      const packet = ipv4({ ...back, protocol: PROTOCOL.udp, id: 1 }, udp(back, FLOW));
      await sendFrom(target.place, [`ip4 ${back.target} ${packet.toString('hex')}`]);
    }

    /** Tries every form, and returns those that arrived. */
    async function tryAll(from: Captive, target: Target, source?: Addresses): Promise<string[]> {
      await beginFlow(from, target);
      await target.witness.seen();
      const lines = ENTRY_FORMS.flatMap((form, index) =>
        form.packets(endsOf(from, target, form, source), FIRST_ID + index).map((packet) => from.line(packet)),
      );
      // Last comes an answer, which passes: what was sent before it has come by then, or does not come.
      const ends = endsOf(from, target, { family: 4 });
      const answer = udp(ends, { from: FLOW.to, to: FLOW.from }, 'last');
      const last = from.line(ipv4({ ...ends, protocol: PROTOCOL.udp, id: LAST_ID }, answer));
      await sendFrom(from.place, [...lines, last]);
      let seen: ReadonlySet<number> = new Set();
      await eventually(async () => {
        seen = new Set([...seen, ...(await target.witness.seen())]);
        expect([...seen], 'the last packet').to.include(LAST_ID);
      });
      return ENTRY_FORMS.filter((_form, index) => seen.has(FIRST_ID + index)).map(({ what }) => what);
    }

    for (const name of ['a container', 'another host', 'the host']) {
      it(`reaches ${name} in no form but as an answer`, async () => {
        const target = targets.get(name)!;
        const meant = [...ANSWERS, ...(name === 'the host' ? TO_NEXT_HOP : [])];
        const control = await tryAll(captives.get('free')!, target);
        const reached = await tryAll(captives.get('captive')!, target);
        const again = await tryAll(captives.get('captive, by its second network')!, target);

        const escaped = [...reached, ...again].filter((what) => !meant.includes(what));
        report(
          `escaping to ${name}: ${ENTRY_FORMS.length} forms by each of 2 networks, ${escaped.length} escaped; ` +
            `control: ${control.length} passed`,
        );
        expect(control.length, 'control').to.be.at.least(70);
        expect(escaped).to.deep.equal([]);
        expect(reached, 'what is meant to pass').to.include.members(ANSWERS);
      });
    }

    it('escapes by no address that it pretends to have, not even where it may send from others', async () => {
      const target = targets.get('another host')!;

      const strict = await tryAll(captives.get('captive')!, target, { 4: '10.1.0.8', 6: 'fd00:1::8' });
      // Of an address that has no connections: those of others it might join, as the page on security says.
      const allowed = await tryAll(captives.get('forwarder')!, target, { 4: '10.1.0.77', 6: 'fd00:1::77' });

      report(
        `escaping by another's address: 2 x ${ENTRY_FORMS.length} forms, ${strict.length + allowed.length} escaped`,
      );
      expect([...strict, ...allowed].filter((what) => !ANSWERS.includes(what))).to.deep.equal([]);
    });

    it('reaches no service of the host, by none of its addresses, and no name server but its own', async () => {
      const gateway = await gatewayOf('captive');
      const host = stage.host;
      const serve = (at: Host, ports: readonly number[]) =>
        ports.map((port) =>
          at.spawn(['busybox', 'nc', '-ll', '-p', `${port}`, '-e', 'cat'], { name: `served-${port}` }),
        );
      // DNS, and DNS over TLS and HTTPS.
      const ofResolvers = [53, 853, 443];
      await Promise.all([...serve(host, [80, 53]), ...serve(outside, [80, ...ofResolvers])]);
      const loopback = ['10.99.0.1/32', 'fd00:99::1/128'];
      for (const address of loopback) await host.exec(['ip', 'address', 'add', address, 'dev', 'lo']);
      const places = [gateway, addressOfHost(host), '10.99.0.1', 'fd00:9::1', 'fd00:99::1', addressOfHost(outside)];
      const tries = [
        ...places.flatMap((address) => [80, 53].map((port) => [address, port] as const)),
        ...ofResolvers.slice(1).map((port) => [addressOfHost(outside), port] as const),
      ];
      const reached = async (from: string): Promise<string[]> => {
        const { place } = captives.get(from)!;
        const found: string[] = [];
        for (const [address, port] of tries) {
          const script = `exec 3<>/dev/tcp/${address}/${port} && echo up`;
          const { stdout } = await place.run(['sh', '-c', `timeout 2 bash -c '${script}' 2> /dev/null || true`]);
          if (stdout.includes('up')) found.push(`${address} ${port}`);
        }
        return found;
      };

      await eventually(async () => {
        expect(await reached('free'), 'control').to.have.lengthOf(tries.length);
      });

      const escaped = await reached('captive');
      report(`services of the host and name servers: ${tries.length} tries, ${escaped.length} escaped`);
      expect(escaped).to.deep.equal([]);
      for (const address of loopback) await host.exec(['ip', 'address', 'del', address, 'dev', 'lo']);
    });

    async function gatewayOf(name: string): Promise<string> {
      const stdout = await stage.host.docker('exec', name, 'ip', 'route', 'show', 'default');
      return /via (\S+)/.exec(stdout)?.[1] ?? '';
    }
  });
}

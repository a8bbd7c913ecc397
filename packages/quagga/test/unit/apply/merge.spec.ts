import { expect } from 'chai';
import { driftOf } from '../../../src/apply/drift.ts';
import { withForeignLines } from '../../../src/apply/merge.ts';
import { parseDocument } from '../../../src/preset/document.ts';
import { render } from '../../../src/render/render.ts';
import { foreignPart, ownedPart } from '../../../src/plan/ownership.ts';
import { parseConfig } from '../../../src/text/parse.ts';

const document = { preset: 'lan', routerId: '10.0.0.1', containers: ['10.112.0.0/12'], interfaces: { eth1: {} } };
const frr = render(parseDocument(document, 'frr').model, 'frr').files.find(({ name }) => name === 'frr.conf')!;
const zebra = render(parseDocument(document, 'quagga').model, 'quagga').files.find(
  ({ name }) => name === 'zebra.conf',
)!;

const FOUND = `frr version 8.4.4
frr defaults traditional
hostname h1
service integrated-vtysh-config
log file /var/log/frr/frr.log
!
vrf RED
 vni 100
exit-vrf
!
ip route 10.9.0.0/16 blackhole
interface eth1
 ip address 10.0.0.1/24
 ip ospf area 0.0.0.7
exit
router ospf
 ospf router-id 10.0.0.9
 distance 90
exit
router bgp 65001
 neighbor 10.0.0.2 remote-as 5
 address-family l2vpn evpn
  advertise-all-vni
 exit-address-family
exit
mpls ldp
 router-id 1.1.1.1
 address-family ipv4
  discovery transport-address 1.1.1.1
 exit-address-family
exit
line vty
 exec-timeout 0 0
exit
end
`;

describe('a file that is replaced', () => {
  it('keeps what the model cannot say, in its contexts', () => {
    const { text } = withForeignLines(frr, FOUND);

    expect(
      text.startsWith(
        'hostname h1\nservice integrated-vtysh-config\nlog file /var/log/frr/frr.log\nip route 10.9.0.0/16 blackhole\nfrr defaults',
      ),
    ).to.equal(true);
    expect(text).to.include(frr.text);
    expect(
      text.endsWith(`vrf RED
 vni 100
exit-vrf
!
interface eth1
 ip address 10.0.0.1/24
exit
!
router ospf
 distance 90
exit
!
mpls ldp
 router-id 1.1.1.1
 address-family ipv4
  discovery transport-address 1.1.1.1
 exit-address-family
exit
!
line vty
 exec-timeout 0 0
exit
!
`),
      text,
    ).to.equal(true);
  });

  it('keeps what the model cannot say of a neighbor as long as there is the neighbor', () => {
    const config = (address: string): typeof frr => {
      const neighbors = [{ address, remoteAs: 65002 }];
      const { model } = parseDocument({ ...document, preset: 'bgp-numbered', bgp: { asn: 65001, neighbors } }, 'frr');
      return render(model, 'frr').files.find(({ name }) => name === 'frr.conf')!;
    };
    const line = '  neighbor 10.0.0.2 weight 7\n';
    const found = config('10.0.0.2').text.replace('  neighbor FABRIC activate\n', `$&${line}`);

    expect(found).to.include(line);
    expect(withForeignLines(config('10.0.0.2'), found).text).to.include(line);
    expect(withForeignLines(config('10.0.0.3'), found).text).to.equal(config('10.0.0.3').text);
  });

  it('is the rendering itself where there was nothing else, and stays the same the next time', () => {
    const once = withForeignLines(frr, FOUND);

    expect(withForeignLines(frr, frr.text)).to.deep.equal(frr);
    expect(withForeignLines(frr, undefined)).to.deep.equal(frr);
    expect(withForeignLines(frr, once.text)).to.deep.equal(once);
  });

  it('keeps the addresses of Quagga’s zebra.conf, without a word that ends the file', () => {
    const { text } = withForeignLines(
      zebra,
      'hostname h1\npassword zebra\ninterface eth1\n ip address 10.0.0.1/24\n!\n',
    );

    expect(text).to.equal(`hostname h1\npassword zebra\n${zebra.text}interface eth1\n ip address 10.0.0.1/24\n!\n`);
  });

  it('holds every line of the old one in one of two parts', () => {
    const before = parseConfig(FOUND, { keepNoise: true });
    const after = parseConfig(`${frr.text}router bgp 65001\nexit\n`);
    const count = (tree: ReturnType<typeof parseConfig>): number =>
      [...tree.values()].reduce((sum, { lines }) => sum + lines.length, 0);

    expect(count(ownedPart(before, after)) + count(foreignPart(before, after))).to.equal(count(before));
  });
});

describe('drift', () => {
  const rendered = parseConfig(frr.text);

  it('is a line of the file that neither runs nor is wanted', () => {
    const edited = frr.text.replace(' redistribute kernel route-map EXPORT\n', ' redistribute kernel\n');

    expect(driftOf(parseConfig(edited), rendered, rendered)).to.deep.equal([
      { path: ['router ospf'], removed: [], added: ['redistribute kernel'] },
    ]);
  });

  it('is nothing where the file is the rendering, with lines of the operator’s or without', () => {
    expect(driftOf(rendered, rendered, rendered)).to.deep.equal([]);
    expect(driftOf(parseConfig(withForeignLines(frr, FOUND).text), rendered, rendered)).to.deep.equal([]);
    expect(driftOf(new Map(), rendered, rendered)).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import { drained } from '../../../src/preset/drain.ts';
import { parseDocument } from '../../../src/preset/document.ts';

const common = { routerId: '10.0.0.1', containers: ['10.112.0.0/12', 'fd00:112::/48'] };

describe('drained', () => {
  it('raises the cost of links and the metric of what is announced to the last that is used', () => {
    const { model } = parseDocument({
      ...common,
      dialect: 'frr',
      preset: 'lan',
      interfaces: { eth1: {}, lo: {} },
      export: {
        tag: 7,
        attributes: [
          { match: { prefixes: ['10.112.7.0/24'] }, set: { metric: 5 } },
          { match: { prefixes: ['10.112.8.0/24'] }, set: { tag: 8 } },
        ],
      },
    });

    const { export: policy, interfaces } = drained(model);

    expect(policy).to.deep.equal({
      tag: 7,
      metric: 16777214,
      attributes: [
        { match: { prefixes: ['10.112.7.0/24'] }, set: { metric: 16777214 } },
        { match: { prefixes: ['10.112.8.0/24'] }, set: { tag: 8 } },
      ],
    });
    expect(interfaces?.eth1?.ospf).to.deep.equal({ ...model.interfaces?.eth1?.ospf, cost: 65535 });
    expect(interfaces?.eth1?.ospf6).to.deep.equal({ ...model.interfaces?.eth1?.ospf6, cost: 65535 });
    expect(interfaces?.lo).to.deep.equal(model.interfaces?.lo);
  });

  it('shuts BGP down gracefully, and leaves its metrics, which say which container is the primary', () => {
    const { model } = parseDocument({
      ...common,
      dialect: 'frr',
      preset: 'bgp-unnumbered',
      interfaces: { eth1: {} },
      bgp: { asn: 65001 },
    });

    expect(drained(model)).to.deep.equal({ ...model, bgp: { ...model.bgp, gracefulShutdown: true } });
  });

  it('refuses OSPF on interfaces without names: their costs cannot be raised', () => {
    const { model } = parseDocument({
      ...common,
      ospf: { networks: [{ prefix: '10.0.0.0/8' }], passiveInterfaceDefault: false },
    });

    expect(() => drained(model)).to.throw('interfaces: name those that run OSPF');
  });
});

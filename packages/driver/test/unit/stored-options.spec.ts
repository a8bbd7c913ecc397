import { expect } from 'chai';
import fc from 'fast-check';
import { z } from 'zod';
import { STORED_OPTIONS, storedOptions } from '../../src/networks/options.ts';
import { parseEndpointOptions, parseNetworkOptions } from '../../src/networks/parse-options.ts';

const texts = {
  'routed.mtu': fc.integer({ min: 68, max: 65_535 }).map(String),
  'routed.tx-queue-length': fc.integer({ min: 0, max: 1_000_000 }).map(String),
  'routed.anycast': fc.constantFrom('true', 'Off', '1'),
  'routed.on-conflict': fc.constantFrom('keep', 'Yield'),
  'routed.metric': fc.integer({ min: 1, max: 65_535 }).map(String),
  'routed.ingress': fc.constantFrom('any', 'none', '10.0.0.0/8:443/tcp'),
  'routed.ingress-mode': fc.constantFrom('enforce', 'Observe'),
  'routed.egress': fc.constantFrom('any', 'none', '[fd00::/8]:8000-8100/udp'),
  'routed.egress-mode': fc.constantFrom('enforce', 'observe'),
  'routed.egress-when-away': fc.constantFrom('closed', 'open'),
  'routed.dns': fc.constantFrom('10.0.0.53', '10.0.0.53+fd00::53'),
  'routed.conntrack': fc.constantFrom('on', 'Off'),
  'routed.spoof': fc.constantFrom('strict', 'allow'),
};
const { 'routed.mtu': mtu, 'routed.anycast': anycast, 'routed.on-conflict': onConflict, ...ofBoth } = texts;
const someOf: { requiredKeys: never[] } = { requiredKeys: [] };
const ofNetworks = { 'routed.mtu': mtu, 'routed.anycast': anycast, 'routed.on-conflict': onConflict };
const network = fc.record({ ...ofNetworks, ...ofBoth }, someOf);
const endpoint = fc.record(ofBoth, someOf);

describe('storedOptions', () => {
  it('keeps of a network what its record may have, and the record may go to disk and back', () => {
    fc.assert(
      fc.property(network, (given) => {
        const stored = storedOptions('network', parseNetworkOptions(given));

        const kept = z.strictObject(STORED_OPTIONS.network).parse(JSON.parse(JSON.stringify(stored)));
        expect(kept).to.deep.equal(stored);
        expect(Object.keys(stored)).to.have.lengthOf(Object.keys({ 'routed.spoof': '', ...given }).length);
      }),
    );
  });

  it('gives an endpoint what it says itself, and else what its network says', () => {
    fc.assert(
      fc.property(network, endpoint, (ofNetwork, own) => {
        const [inherited, options] = [parseNetworkOptions(ofNetwork), parseEndpointOptions(own)];

        const stored = storedOptions('endpoint', { ...inherited, ...options });

        z.strictObject(STORED_OPTIONS.endpoint).parse(stored);
        const lists = ['ingress', 'ingressMode', 'egress', 'egressMode', 'egressWhenAway'] as const;
        const filters = [...lists, 'dns', 'conntrack', 'spoof'] as const;
        for (const field of ['txQueueLength', 'metric', ...filters] as const)
          expect(stored[field], field).to.deep.equal(options[field] ?? inherited[field]);
      }),
    );
  });
});

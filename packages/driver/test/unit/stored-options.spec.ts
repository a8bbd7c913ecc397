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
  'routed.spoof': fc.constantFrom('strict', 'allow'),
};
const {
  'routed.tx-queue-length': length,
  'routed.metric': metric,
  'routed.ingress': ingress,
  'routed.spoof': spoof,
} = texts;
const someOf: { requiredKeys: never[] } = { requiredKeys: [] };
const network = fc.record(texts, someOf);
const endpoint = fc.record(
  { 'routed.tx-queue-length': length, 'routed.metric': metric, 'routed.ingress': ingress, 'routed.spoof': spoof },
  someOf,
);

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
        for (const field of ['txQueueLength', 'metric', 'ingress', 'spoof'] as const)
          expect(stored[field], field).to.equal(options[field] ?? inherited[field]);
      }),
    );
  });
});

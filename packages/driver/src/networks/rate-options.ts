import { rateText, storedRate } from './rate-text.ts';

const rate = { stored: storedRate.exactOptional() };

/** The options of networks and endpoints that limit rates. */
export const RATE_OPTIONS = {
  rateIn: {
    key: 'routed.rate-in',
    text: rateText,
    network: {
      ...rate,
      docs: [
        '100mbit',
        'none',
        'how fast packets go to each of its containers, as tc writes rates: see [limits](limits.md)',
      ],
    },
    endpoint: {
      ...rate,
      changedBy: 'routed-plugin limit set',
      docs: ['100mbit', "the network's", 'how fast packets go to it; `off`: as fast as they can'],
    },
  },
  rateOut: {
    key: 'routed.rate-out',
    text: rateText,
    network: {
      ...rate,
      docs: ['100mbit', 'none', 'how fast packets go from each of its containers: see [limits](limits.md)'],
    },
    endpoint: {
      ...rate,
      changedBy: 'routed-plugin limit set',
      docs: ['100mbit', "the network's", 'how fast packets go from it; `off`: as fast as they can'],
    },
  },
} as const;

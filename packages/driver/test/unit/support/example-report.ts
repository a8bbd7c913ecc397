import type { DaemonReport } from '../../../src/reports/daemon-report.ts';

/** What a daemon with one network and no container says. */
export const exampleReport: DaemonReport = {
  version: '1.0.0',
  pid: 7,
  uptimeSec: 60,
  mtuBytes: 1500,
  gateways: { 4: '169.254.1.1', 6: 'fe80::1' },
  problems: [],
  notes: [],
  networks: [
    {
      id: 'n1',
      name: 'apps',
      mtuBytes: 1500,
      pools: [{ prefix: '10.1.0.0/16', gateway: '169.254.1.1', leased: 0, size: 65534 }],
      prefixes: [],
      endpoints: 0,
    },
  ],
  endpoints: [],
  blocks: [],
  conflicts: [],
  looseAddresses: [],
  totals: { networks: 1, joined: 0, idle: 0, announced: 1, conflicts: { kept: 0, yielding: 0, yielded: 0 } },
  pools: [{ id: 'routed-local/10.1.0.0/16', leased: 0, kept: 0, size: 65534, networks: ['apps'] }],
  forgotten: { left: 0, endpoints: 0, leases: 0 },
  cluster: {
    candidatesSkipped: 0,
    requestsRefused: 0,
    joinsRefused: 0,
    conflictsFound: 0,
    conflictsEnded: 0,
    yielded: 0,
    resumed: 0,
  },
  linksToDelete: 0,
  announcements: [{ policy: 'always', isAnnounced: true, reason: 'always', endpoints: 1 }],
  drains: {
    draining: 0,
    endpoint: { begun: 0, ended: 0 },
    host: { begun: 0, ended: 0 },
    stop: { begun: 0, empty: 0, timeOver: 0, ended: 0 },
  },
  lists: [],
  mountNamespace: 'mnt:[1]',
  propagation: 'shared',
};

/** An endpoint of its network that is in a container. */
export const exampleEndpoint: DaemonReport['endpoints'][number] = {
  id: 'e1'.padEnd(64, '0'),
  networkId: 'n1',
  link: 'vethre100000000',
  addresses: ['10.1.0.2'],
  mac: '02:42:0a:01:00:02',
  gateways: ['169.254.1.1'],
  sandboxKey: '/run/docker/netns/1',
  announcement: { policy: 'always', isAnnounced: true, reason: 'always' },
};

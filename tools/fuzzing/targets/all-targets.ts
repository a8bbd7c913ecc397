import type { FuzzTarget } from '../fuzz.ts';
import { addressLists, options } from './address-lists.ts';
import { dnsMutants, dnsPackets, hostNames } from './dns.ts';
import { netlinkDatagrams, netlinkReplies } from './netlink.ts';
import { protocolBodies } from './protocol.ts';
import { routerConfigurations, routerDocuments, routerModels } from './router-configuration.ts';
import { adminSocket, pluginSocket } from './sockets.ts';

/** Everything that reads what others write. */
export const ALL_TARGETS: readonly FuzzTarget[] = [
  protocolBodies,
  pluginSocket,
  adminSocket,
  netlinkDatagrams,
  netlinkReplies,
  routerModels,
  routerDocuments,
  routerConfigurations,
  addressLists,
  options,
  dnsPackets,
  dnsMutants,
  hostNames,
];

import type { FuzzTarget } from './target.ts';
import { addressLists, options } from './targets/address-lists.ts';
import { netlinkDatagrams, netlinkReplies } from './targets/netlink.ts';
import { protocolBodies } from './targets/protocol.ts';
import { routerConfigurations, routerDocuments, routerModels } from './targets/router-configuration.ts';
import { adminSocket, pluginSocket } from './targets/sockets.ts';

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
];

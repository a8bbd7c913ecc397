// What the admin socket answers: the same shape for the daemon that writes it and the command that reads it.
export {
  type AnnouncementStatus,
  announcementStatus,
  type DrainReport,
  drainReport,
  type HandoverEndpoint,
  type HandoverReport,
  handoverReport,
} from '../announcement/announcement-replies.ts';
export { type NetworkBlocksReply, networkBlocksReply } from '../blocks/network-blocks-reply.ts';
export { type AddressChange, addressChange } from '../containers/address-change.ts';
export { type FilterStatus, filterStatus, type FilterVerdict, filterVerdict } from '../containers/filter-status.ts';
export { type LimitStatus, limitStatus } from '../containers/limit-status.ts';
export { type ListedAddress, listedAddress } from '../containers/listed-address.ts';
export type { AddressAnnouncement } from '../endpoints/address-announcement.ts';
export { journalEntry, type JournalLine } from '../ground/journal-entry.ts';
export { type RefusedPacket, refusedPacket } from '../refused/refused-packet.ts';
export { type ForgottenNetwork, forgottenNetwork } from '../upkeep/forgotten-network.ts';
export { type AddressRecord, addressRecord } from './address-record.ts';

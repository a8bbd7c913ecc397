import type { AddressAnnouncement } from '@routed/driver/replies';

/** Why an address is announced or is not, and when that ends if nothing happens before. */
export function reasonText({ reason, dueAt }: Pick<AddressAnnouncement, 'reason' | 'dueAt'>): string {
  return dueAt === undefined ? reason : `${reason} until ${dueAt}`;
}

/** Measures what the announcer does. */
export interface AnnouncementMetrics {
  /** A withdrawal for an event of Docker's was in the kernel so many seconds after that event. */
  observeWithdrawal(seconds: number): void;
}

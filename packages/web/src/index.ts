export type { AddressStory, LoggedEvent, Refusal, Stage } from './shape/addresses.ts';
export type { Latency, Overview } from './shape/overview.ts';
export type { Steps } from '@routed/driver/steps';
export type { LinkReading, RecentSource, WebSources } from './server/sources.ts';
export { openWebPage, type WebPageSettings } from './server/web-page.ts';

export type { Announcements, Announcer, PrefixOrigin } from './announcement.ts';
export { type CompetingRoute, describeCompetingRoute, type Way } from './competing-route.ts';
export { NeighborWatch, type RouterReport, type WatchedNeighbor } from './neighbor-watch.ts';
export { bgpNeighbors, type NeighborReport, type PrefixCount } from './neighbors.ts';
export { ROUTER_DIRECTORIES, type RouterLines, type RouterName, VtyLines } from './router-lines.ts';
export { RouterView } from './router-view.ts';

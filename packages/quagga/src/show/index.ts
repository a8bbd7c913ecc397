export type { Announcements } from './announcement.ts';
export { type CompetingRoute, describeCompetingRoute } from './competing-route.ts';
export { ROUTER_DIRECTORIES, type RouterLines, type RouterName, VtyLines } from './router-lines.ts';
export { RouterView } from './router-view.ts';

/** What has zebra give each route its next hops itself. It looks at this for each route that it installs. */
export const WITHOUT_NEXTHOP_GROUPS = 'no zebra nexthop kernel enable';

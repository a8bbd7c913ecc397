import type { EndpointFiltering } from './endpoint-filtering.ts';
import type { EndpointLifecycle } from './endpoint-lifecycle.ts';

/**
 * Makes the kernel have the filters of the joined endpoints, and no others but those that are to be `kept`. Endpoints may
 * join and leave meanwhile: each filter is looked at when no other work on its endpoint is under way.
 */
export async function syncFilters(
  endpoints: Pick<EndpointLifecycle, 'all' | 'get' | 'idOfLink' | 'whileJoined' | 'unlessJoined'>,
  filtering: EndpointFiltering,
  isKept: (link: string) => Promise<boolean>,
): Promise<void> {
  const links = await filtering.links();
  for (const { id } of endpoints.all()) {
    await endpoints.whileJoined(id, async () => {
      const endpoint = endpoints.get(id);
      if (endpoint !== undefined) await filtering.set(endpoint);
      return true;
    });
  }
  for (const link of links) {
    await endpoints.unlessJoined(endpoints.idOfLink(link) ?? link, async () => {
      if (await isKept(link)) return false;
      await filtering.removeFrom(link);
      return true;
    });
  }
}

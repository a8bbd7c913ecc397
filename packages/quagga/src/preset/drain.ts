import { QuaggaError } from '../errors.ts';
import type { ExportPolicy } from '../model/policy.ts';
import type { RouterInterface, RouterModel } from '../model/router.ts';
import { sortedEntries } from '../validation/finding.ts';

/** The worst metric of a route that is still used. Source: RFC 2328, appendix B: LSInfinity is 16777215. */
const LAST_CHOICE = 16777214;
/** The worst cost of a link that is still used. Source: RFC 6987, MaxLinkMetric. */
const LAST_LINK = 65535;

/**
 * The same router under maintenance: others use it only where there is no other way. Nothing is withdrawn.
 *
 * - OSPF: the worst cost for each link, which keeps transit traffic away, and the worst metric for what it announces. That
 *   is what `max-metric router-lsa administrative` does to links; as a cost it is also in OSPFv3, where a stub router
 *   (R-bit, RFC 5340) loses what it announces.
 * - BGP: the community and preference of a graceful shutdown (RFC 8326).
 *
 * @throws {@link QuaggaError} `INVALID_INPUT` when OSPF runs on interfaces that the model does not name
 */
export function drained(model: RouterModel): RouterModel {
  const { ospf, ospf6, bgp } = model;
  const isOspf = ospf !== undefined || ospf6 !== undefined;
  if (ospf !== undefined && !Object.values(model.interfaces ?? {}).some((settings) => settings.ospf !== undefined))
    throw new QuaggaError(
      'INVALID_INPUT',
      'interfaces: name those that run OSPF; drain raises the cost of their links',
    );
  return {
    ...model,
    ...(isOspf ? { export: lastChoice(model.export), interfaces: lastLinks(model.interfaces) } : {}),
    ...(bgp === undefined ? {} : { bgp: { ...bgp, gracefulShutdown: true } }),
  };
}

function lastChoice(policy: ExportPolicy | undefined): ExportPolicy {
  const attributes = policy?.attributes?.map(({ match, set }) => ({
    match,
    set: set.metric === undefined ? set : { ...set, metric: LAST_CHOICE },
  }));
  return { ...policy, metric: LAST_CHOICE, ...(attributes === undefined ? {} : { attributes }) };
}

function lastLinks(interfaces: RouterModel['interfaces']): RouterModel['interfaces'] {
  const changed = sortedEntries(interfaces).map(([name, settings]): [string, RouterInterface] => {
    const { ospf, ospf6 } = settings;
    if (name === 'lo') return [name, settings];
    return [
      name,
      {
        ...settings,
        ...(ospf === undefined ? {} : { ospf: { ...ospf, cost: LAST_LINK } }),
        ...(ospf6 === undefined ? {} : { ospf6: { ...ospf6, cost: LAST_LINK } }),
      },
    ];
  });
  return Object.fromEntries(changed);
}

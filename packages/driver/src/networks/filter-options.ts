import { formatAllowList, isNetfilterError, parseAllowList } from '@routed/netfilter';
import type { Spoofing } from '@routed/datapath';
import { z } from 'zod';

/** Who may open connections to a container, as `parseAllowList` of @routed/netfilter reads it; kept in one way of writing. */
const ingressList = z.string({ error: 'expected a list of sources' }).transform((text, context) => {
  try {
    return formatAllowList(parseAllowList(text));
  } catch (error) {
    if (!isNetfilterError(error)) throw error;
    context.addIssue(error.message);
    return z.NEVER;
  }
});

/** The driver options of networks and endpoints that filters are made of. */
export const FILTER_OPTIONS = {
  'routed.ingress': ingressList,
  'routed.spoof': z.enum(['strict', 'allow'], { error: 'expected strict or allow' }),
} as const;

/** The values of these options that were given, by shorter names. */
export function filterOptions(values: {
  readonly 'routed.ingress'?: string | undefined;
  readonly 'routed.spoof'?: Spoofing | undefined;
}): { readonly ingress?: string; readonly spoof?: Spoofing } {
  const { 'routed.ingress': ingress, 'routed.spoof': spoof } = values;
  return { ...(ingress === undefined ? {} : { ingress }), ...(spoof === undefined ? {} : { spoof }) };
}

import { FORWARD_CHAIN } from './forward-rules.ts';

/** The chains that `ufw default reject routed` fills, by the program that lists them. Source: ufw 0.36, ufw-init-functions. */
const UFW_CHAINS = { iptables: 'ufw-reject-forward', ip6tables: 'ufw6-reject-forward' } as const;

/**
 * Whether ufw rejects forwarded packets before our rules accept them: its default for routed packets is "reject", and FORWARD calls
 * its chain first. With "deny", which is what ufw comes with, the policy of FORWARD drops what our rules do not accept. Pure.
 *
 * @param rules the filter table of iptables or of ip6tables, as `--list-rules` prints it, line by line
 * @param chain of `ForwardAcceptance`
 */
export function isRejectedByUfw(rules: readonly string[], chain: string = FORWARD_CHAIN): boolean {
  return Object.values(UFW_CHAINS).some((ufwChain) => {
    const theirs = rules.indexOf(`-A FORWARD -j ${ufwChain}`);
    const ours = rules.indexOf(`-A FORWARD -j ${chain}`);
    const rejects = rules.some((rule) => rule.startsWith(`-A ${ufwChain} -j REJECT`));
    return rejects && theirs >= 0 && (ours < 0 || theirs < ours);
  });
}

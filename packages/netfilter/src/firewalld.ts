import type { CommandRunner } from './command-runner.ts';

/**
 * Whether firewalld rejects forwarded packets to the links, whatever other tables accept: it runs, on nf_tables, and has no policy
 * that leads to them. A zone alone, even `trusted`, lets packets from its links pass, and none from other zones to them.
 *
 * Links that operators gave it one by one do not count: a reload forgets them, and new links are in none. What it takes is in the
 * README of this package.
 *
 * Source: firewalld.policies(5); measured with firewalld 1.3.3.
 *
 * @param linkPrefix start of the link names; firewalld matches `prefix+`
 */
export async function isRejectedByFirewalld(run: CommandRunner, linkPrefix: string): Promise<boolean> {
  const listed = await run(['nft', '--stateless', 'list', 'table', 'inet', 'firewalld']);
  if (listed?.exitCode !== 0) return false;
  const rejects = /chain filter_FORWARD \{[^}]*\breject\b/.test(withoutSets(listed.stdout));
  return rejects && !new RegExp(`oifname "${linkPrefix}\\*" (jump|goto) filter_FWD_`).test(listed.stdout);
}

/** A chain ends at the next brace; that of a set of addresses within a rule comes before. */
function withoutSets(listing: string): string {
  return listing.replace(/\{[^{}\n]*\}/g, '');
}

import type { CommandRunner } from './command-runner.ts';
import { refusedBy } from './netfilter-error.ts';

/** What becomes of a forwarded packet that no rule decides about. */
export type Policy = 'ACCEPT' | 'DROP';

/** Whose FORWARD chain: that of IPv4, or that of IPv6. */
export type ForwardProgram = 'iptables' | 'ip6tables';

/** The policies of FORWARD in the filter tables of iptables and ip6tables. Each call runs the program once. */
export interface ForwardPolicies {
  /** Undefined when the program is not installed, or finds no such table in this kernel. */
  read(program: ForwardProgram): Promise<Policy | undefined>;
  /** @throws NetfilterError FIREWALL_REFUSED */
  write(program: ForwardProgram, policy: Policy): Promise<void>;
  /** Whether a Docker engine filters here: it has a chain of its own, whatever its release. */
  hasDockerChain(program: ForwardProgram): Promise<boolean>;
}

/** Of every release up to 29; its nftables backend makes none. Source: moby libnetwork/drivers/bridge, `DockerChain`. */
const DOCKER_CHAIN = 'DOCKER';

/** Creates {@link ForwardPolicies} on the programs of this host. */
export function createForwardPolicies({ run }: { readonly run: CommandRunner }): ForwardPolicies {
  return {
    read: async (program) => {
      const result = await run([program, '--wait', '--list-rules', 'FORWARD']);
      const [, policy] = /^-P FORWARD (ACCEPT|DROP)$/m.exec(result?.stdout ?? '') ?? [];
      return policy as Policy | undefined;
    },
    write: async (program, policy) => {
      const result = await run([program, '--wait', '--policy', 'FORWARD', policy]);
      if (result?.exitCode === 0) return;
      throw refusedBy(`${program}, policy ${policy} of FORWARD`, result?.stderr ?? 'the program is not installed');
    },
    hasDockerChain: async (program) => {
      const result = await run([program, '--wait', '--list-rules', DOCKER_CHAIN]);
      return result?.exitCode === 0;
    },
  };
}

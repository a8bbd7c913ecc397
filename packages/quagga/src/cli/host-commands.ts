import type { Dialect } from '../dialect.ts';
import { documentJsonSchema } from '../preset/document.ts';
import { type CliEnvironment, EXIT, type ExitCode } from './environment.ts';
import { proposeDocument } from './propose.ts';
import { CONFIG_DIRS } from './run.ts';

export async function initCommand(
  environment: CliEnvironment,
  flags: { protocol?: 'ospf' | 'bgp'; dialect?: Dialect },
): Promise<ExitCode> {
  const [addresses, routes] = await Promise.all([
    environment.ip(['address', 'show']),
    environment.ip(['route', 'show']),
  ]);
  const dialect = flags.dialect ?? ((await environment.exists(CONFIG_DIRS.frr)) ? 'frr' : 'quagga');
  const proposal = proposeDocument({ addresses, routes }, flags.protocol ?? 'ospf', dialect);
  if (proposal === undefined) {
    environment.complain(
      'error: no interface with a global IPv4 address to other hosts was found; write the file by hand\n',
    );
    return EXIT.invalidInput;
  }
  environment.write(proposal);
  return EXIT.ok;
}

export function schemaCommand(environment: CliEnvironment): ExitCode {
  environment.write(`${JSON.stringify(documentJsonSchema(), undefined, 2)}\n`);
  return EXIT.ok;
}

import { checkConfiguration, checkSyntax } from '../check/check.ts';
import type { Dialect } from '../dialect.ts';
import { type CliEnvironment, EXIT, type ExitCode } from './environment.ts';
import { type TargetFlags, toJson, withConfig } from './run.ts';

export interface CheckFlags extends TargetFlags {
  readonly checker?: 'auto' | 'none' | 'vtysh' | 'daemons';
}

export function checkCommand(
  environment: CliEnvironment,
  path: string | undefined,
  flags: CheckFlags,
): Promise<ExitCode> {
  return withConfig(environment, path, flags, async (config, { document }) => {
    const checker =
      flags.checker === undefined || flags.checker === 'auto' ? strongest(config.dialect, environment) : flags.checker;
    const options = flags.daemonDir === undefined ? {} : { daemonDir: flags.daemonDir };
    if (checker === 'daemons') await checkConfiguration(config, options);
    if (checker === 'vtysh') await checkSyntax(config.files.find((file) => file.name === 'frr.conf')?.text ?? '');
    const result = { accepted: true, checker, warnings: document.warnings };
    environment.write(
      flags.json === true ? toJson(result) : `accepted (${checker === 'none' ? 'model rules' : checker})\n`,
    );
    return EXIT.ok;
  });
}

function strongest(dialect: Dialect, environment: CliEnvironment): 'daemons' | 'vtysh' {
  return dialect === 'quagga' || environment.isRoot ? 'daemons' : 'vtysh';
}

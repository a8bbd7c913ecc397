import { writeFiles } from '../apply/files.ts';
import type { RenderedConfig } from '../render/config.ts';
import { type CliEnvironment, EXIT, type ExitCode } from './environment.ts';
import type { InputFlags } from './flags.ts';
import { toJson, withConfig } from './run.ts';

export interface RenderFlags extends InputFlags {
  readonly output?: string;
  readonly file?: string;
  readonly json?: boolean;
}

/** One file is printed as it is; several, or the daemons file, each after a comment with its name. */
function printable(config: RenderedConfig): string {
  const shown = config.files.filter((file) => file.name !== 'daemons');
  if (shown.length === 1) return shown[0]?.text ?? '';
  return shown.map((file) => `! ${file.name}\n${file.text}`).join('!\n');
}

export function renderCommand(
  environment: CliEnvironment,
  path: string | undefined,
  flags: RenderFlags,
): Promise<ExitCode> {
  return withConfig(environment, path, flags, async (config) => {
    const wanted = flags.file === undefined ? config.files : config.files.filter((file) => file.name === flags.file);
    if (wanted.length === 0) {
      environment.complain(
        `error: there is no ${flags.file ?? ''}; this renders ${config.files.map((file) => file.name).join(', ')}\n`,
      );
      return EXIT.invalidInput;
    }
    if (flags.output !== undefined) await writeFiles(flags.output, wanted);
    else if (flags.json === true)
      environment.write(toJson({ dialect: config.dialect, daemons: config.daemons, files: wanted }));
    else environment.write(flags.file === undefined ? printable(config) : (wanted[0]?.text ?? ''));
    return EXIT.ok;
  });
}

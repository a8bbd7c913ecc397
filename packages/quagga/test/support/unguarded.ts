/** `quagga-config` without a process that undoes what this one leaves behind. */
import { cli } from './environment.ts';

const { code, out, err } = await cli(process.argv.slice(2));
process.stdout.write(out);
process.stderr.write(err);
process.exitCode = code;

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { serveCommand } from '../../../../packages/daemon/src/cli/serve-command.ts';
import { parseServeOptions } from '../../../../packages/daemon/src/serve/serve-options.ts';

const TEXT = readFileSync(join(import.meta.dirname, '../../host/default/routed'), 'utf8');

describe('/etc/default/routed', () => {
  const options = serveCommand().options.filter(({ envVar }) => envVar !== undefined);
  const lines = [...TEXT.matchAll(/^#(ROUTED_\w+)=(\S+)$/gm)].map(
    ([, name = '', value = '']) => [name, value] as const,
  );

  it('names every variable of the service, and no other', () => {
    expect(lines.map(([name]) => name)).to.have.members(options.map(({ envVar }) => envVar));
  });

  it('has values that are understood', () => {
    const values = new Map<string | undefined, string>(lines);
    const raw = options.map((option) => [option.attributeName(), values.get(option.envVar)] as const);

    expect(() => parseServeOptions(Object.fromEntries(raw))).not.to.throw();
  });
});

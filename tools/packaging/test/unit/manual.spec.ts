import { expect } from 'chai';
import { Command } from 'commander';
import { createProgram } from '../../../../packages/daemon/src/cli/program.ts';
import { createProgram as createRouterProgram } from '../../../../packages/quagga/src/cli/program.ts';
import type { CliEnvironment } from '../../../../packages/quagga/src/cli/environment.ts';
import { manualPages } from '../../manual.ts';

describe('the manual', () => {
  const pages = manualPages(createProgram('1'));

  it('has a page for each command, with all options and what they are', () => {
    const names = pages.map(({ name }) => name);
    expect(names).to.include.members([
      'routed-plugin-status.8',
      'routed-plugin-address-list.8',
      'routed-plugin-serve.8',
    ]);
    expect(names).not.to.include('routed-plugin-address.8');

    const serve = pages.find(({ name }) => name === 'routed-plugin-serve.8')?.text ?? '';
    expect(serve)
      .to.contain('.B \\-m, \\-\\-mtu <bytes|auto>\n')
      .and.to.contain('(default: auto; variable: ROUTED_MTU)');
    const announce = pages.find(({ name }) => name === 'routed-plugin-announce.8')?.text ?? '';
    expect(announce)
      .to.contain('announce \\- announce a container')
      .and.to.contain('(one of always, running, healthy, manual)');
    expect(announce).to.contain('.B container\nname, or id or the start of it\n');
  });

  it('has pages of quagga-config, in the section of everybody', () => {
    const environment = { write: () => undefined, complain: () => undefined } as unknown as CliEnvironment;
    const others = manualPages(
      createRouterProgram(environment, () => undefined),
      1,
    );
    const apply = others.find(({ name }) => name === 'quagga-config-apply.1')?.text ?? '';

    expect(apply)
      .to.contain('.TH QUAGGA-CONFIG-APPLY 1 "" "routed" "User commands"')
      .and.to.contain('(one of hitless, flaps, restart; default: hitless)')
      .and.to.contain('.BR quagga\\-config (1).');
  });

  it('has no request that a text would be taken for', () => {
    const program = new Command('p');
    program.command('c').description('.SH of \\fB').option('--x', "'tis");

    const [page] = manualPages(program);

    expect(page?.text).to.contain('p\\-c \\- \\&.SH of \\efB\n').and.to.contain("\n\\&'tis\n");
    for (const { text, name } of pages)
      for (const line of text.split('\n')) expect(line, name).to.match(/^(\.(TH|SH|TP|B|BR)\b|[^.']|$)/);
  });
});

import { join } from 'node:path';
import { LabError, runCommand } from '@routed/lab';
import { expect } from 'chai';

const RULES = join(import.meta.dirname, '../../docs/grafana/alerts.yaml');
const CASES = join(import.meta.dirname, 'support/alerts.test.yaml');

/** What promtool prints; it fails with what is wrong. */
async function promtool(...args: string[]): Promise<string> {
  const { stdout } = await runCommand(['promtool', ...args]).catch((error: unknown) => {
    if (error instanceof LabError && error.code === 'missing-prerequisite')
      throw new Error('promtool is missing: apt-get install --no-install-recommends prometheus', { cause: error });
    throw error;
  });
  return stdout;
}

describe('the alerts for Prometheus', () => {
  it('are rules that Prometheus reads', async () => {
    expect(await promtool('check', 'rules', RULES)).to.match(/SUCCESS: \d+ rules found/);
  });

  it('join the series of routers as they are meant to', async () => {
    expect(await promtool('test', 'rules', CASES)).to.contain('SUCCESS');
  });
});

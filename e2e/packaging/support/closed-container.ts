import type { Host } from '@routed/lab';
import { expect } from 'chai';
import { inside, runIdle } from '../../support/containers.ts';
import { eventually } from '../../support/eventually.ts';

/**
 * A container on the network `apps` that gets a second address and lets nobody in. There must be a container `web` on
 * that network.
 */
export async function expectClosedContainer(host: Host): Promise<void> {
  const options = 'driver-opt=routed.addresses=10.1.0.4,driver-opt=routed.ingress=none';
  await runIdle(host, 'closed', '--network', `name=apps,ip=10.1.0.3,${options}`);

  await eventually(async () => {
    expect(await inside(host, 'closed', 'ip', '-o', 'address')).to.contain('10.1.0.4/32');
  });
  const reply = await host.tryDocker('exec', 'web', 'ping', '-c', '1', '-W', '1', '10.1.0.3');
  expect(reply.exitCode, reply.stdout).to.equal(1);
  await host.docker('rm', '--force', 'closed');
}

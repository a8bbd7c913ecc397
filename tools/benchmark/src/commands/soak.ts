import { openLab } from '@routed/lab';
import { openPluginHost } from '../plugin/plugin-host.ts';
import { saveResult } from '../report/save-result.ts';
import { Churn } from '../soak/churn.ts';
import { readRestPoint, type RestPoint } from '../soak/rest-point.ts';
import { findGrowth } from '../soak/growth.ts';

/** The host is brought to rest so often, to be looked at. */
const restPoints = 9;

/** Room for the containers of the churn and for little more, so that a lease that is lost is missed. */
const network = { networkId: 'b'.repeat(64), subnet: '10.1.0.0/22' };

/** Churns for so long, and fails the process when anything has grown. */
export async function soak({ minutes }: { readonly minutes: number }): Promise<void> {
  await using lab = await openLab();
  await using host = await openPluginHost(lab, { withProbe: true, network });
  const churn = new Churn(host);
  const points: RestPoint[] = [];
  console.log(`${minutes} minutes of churn, ${restPoints} times brought to rest`);
  while (points.length < restPoints) {
    await churn.run((minutes * 60_000) / restPoints);
    const point = await readRestPoint(host);
    points.push(point);
    console.log(describe(point));
  }
  for (const [deed, count] of churn.counts) console.log(`${count} ${deed}`);
  const counts = Object.fromEntries(churn.counts);
  console.log(`written to ${await saveResult('soak.json', { minutes, points, counts })}`);
  const growth = findGrowth(points);
  console.log(growth.length === 0 ? 'nothing has grown' : `GROWN: ${growth.join('; ')}`);
  if (growth.length > 0) process.exitCode = 1;
}

function describe(point: RestPoint): string {
  return Object.entries(point)
    .map(([name, value]: [string, number]) => `${name} ${Number.isInteger(value) ? value : value.toFixed(1)}`)
    .join(', ');
}

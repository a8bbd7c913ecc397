import { addressScenario } from './addresses.ts';
import { additionalScenario } from './additional.ts';
import { burstScenario } from './burst.ts';
import { clusterScenarios } from './cluster.ts';
import { dockerRunScenario } from './docker-run.ts';
import { idleScenario } from './idle.ts';
import { listsScenario } from './lists.ts';
import { liveScenario } from './live.ts';
import { packetsScenario } from './packets.ts';
import { parallelScenario } from './parallel.ts';
import { restartScenario } from './restart.ts';
import { rollingScenarios } from './rolling.ts';
import { scaleFleetScenarios } from './scale-fleet.ts';
import { scaleRoutesScenarios } from './scale-routes.ts';
import { scaleScenario } from './scale.ts';
import type { Scenario } from './scenario.ts';
import { startScenario } from './start.ts';

/** Everything that the benchmark measures, in the order of its table. */
export const scenarios: readonly Scenario[] = [
  idleScenario,
  scaleScenario,
  parallelScenario(1),
  parallelScenario(8),
  parallelScenario(32),
  burstScenario,
  liveScenario,
  startScenario,
  restartScenario,
  addressScenario,
  additionalScenario,
  listsScenario,
  packetsScenario,
  dockerRunScenario,
  ...clusterScenarios,
  ...rollingScenarios,
  ...scaleRoutesScenarios,
  ...scaleFleetScenarios,
];

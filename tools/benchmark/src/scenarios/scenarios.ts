import { pacedScenario } from './paced.ts';
import { parallelScenario } from './parallel.ts';
import { profileScenario } from './profile.ts';
import type { Scenario } from './scenario.ts';
import { startScenario } from './start.ts';

/** Everything that the benchmark measures, in the order of its table. */
export const scenarios: readonly Scenario[] = [
  pacedScenario('idle', 'idle host', 0),
  pacedScenario('live-1000', '1,000 live endpoints', 1000),
  parallelScenario(1),
  parallelScenario(8),
  startScenario,
  profileScenario,
];

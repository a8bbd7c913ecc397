/**
 * Loaded into the daemon before its own code (`node --import`): has the daemon die at a step. Where, says the environment,
 * `CRASH_AFTER` being the name of a step, or `CRASH_STEP` its number from SIGUSR2 on with `CRASH_PHASE`; or a test by a channel, which is also
 * told what the daemon has stored. The daemon itself knows nothing of it.
 */
import { ClassicLevel } from 'classic-level';
import koffi from 'koffi';
import { advance, watchClock } from './clock.mjs';
import { watchNetlink } from './netlink.mjs';
import { watchProgramsAndFiles } from './programs-and-files.mjs';
import { arm, stepNames } from './steps.mjs';
import { records, watchStore } from './store.mjs';

watchClock();
watchProgramsAndFiles();
watchStore(ClassicLevel);
watchNetlink(koffi);

const answers = {
  arm,
  steps: stepNames,
  advance: ({ ms }) => advance(ms),
  records,
};

if (process.env.CRASH_AFTER !== undefined) arm({ name: process.env.CRASH_AFTER, phase: 'after' });

const { CRASH_STEP, CRASH_PHASE } = process.env;
if (CRASH_STEP !== undefined) process.on('SIGUSR2', () => arm({ step: Number(CRASH_STEP), phase: CRASH_PHASE }));

if (process.channel !== undefined) {
  process.on('message', async ({ id, ask, ...rest }) => {
    process.send({ id, answer: await answers[ask](rest) });
  });
  process.on('disconnect', () => process.exit(1));
  process.channel.unref();
}

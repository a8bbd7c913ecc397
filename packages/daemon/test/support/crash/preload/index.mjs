/**
 * Loaded into the daemon before its own code (`node --import`), with a channel to the test: has the daemon die at a step, and
 * tells what it has stored. The daemon itself knows nothing of it.
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

process.on('message', async ({ id, ask, ...rest }) => {
  process.send({ id, answer: await answers[ask](rest) });
});
process.on('disconnect', () => process.exit(1));
process.channel.unref();

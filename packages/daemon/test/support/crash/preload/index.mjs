/**
 * Loaded into the daemon before its own code (`node --import`), with a channel to the test: has the daemon die at a step, and
 * tells what it has stored. The daemon itself knows nothing of it.
 */
import { createRequire } from 'node:module';
import { advance, watchClock } from './clock.mjs';
import { watchNetlink } from './netlink.mjs';
import { watchProgramsAndFiles } from './programs-and-files.mjs';
import { arm, stepNames } from './steps.mjs';
import { records, watchStore } from './store.mjs';

// As the daemon finds them, so that they are the same.
const load = createRequire(process.argv[1]);
watchClock();
watchProgramsAndFiles();
watchStore(load('classic-level'));
watchNetlink(createRequire(load.resolve('@routed/netns/testing'))('koffi'));

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

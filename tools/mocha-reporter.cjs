'use strict';
// The usual spec report on the terminal, plus the counts in the file that MOCHA_COUNTS names and a line
// for each failure before them, so that tools/test can add up several runs, name what failed at the end, and
// run it once more: by its file and title, or all of its file if a hook failed.
const { appendFileSync } = require('node:fs');
const { relative } = require('node:path');
const { reporters, Runner } = require('mocha');

module.exports = class SpecWithCounts extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.MOCHA_COUNTS;
    if (!file) return;
    runner.on(Runner.constants.EVENT_TEST_FAIL, (test, error) => {
      const message = String(error.message).split('\n', 1)[0];
      const title = test.type === 'hook' ? '' : test.fullTitle();
      appendFileSync(file, `failed: ${test.fullTitle()}: ${message}\n`);
      // A counterexample, drawn by chance, is a defect however many tries do without it.
      if (message.startsWith('Property failed')) return;
      appendFileSync(file, `again: ${relative(process.cwd(), test.file ?? '')}\t${title}\n`);
    });
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures } = this.stats;
      appendFileSync(file, `${passes} ${failures}\n`);
    });
  }
};

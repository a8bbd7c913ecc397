'use strict';
// The usual spec report on the terminal, plus the counts in the file that MOCHA_COUNTS names,
// so that tools/test can add up several runs.
const { appendFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class SpecWithCounts extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.MOCHA_COUNTS;
    if (!file) return;
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures } = this.stats;
      appendFileSync(file, `${passes} ${failures}\n`);
    });
  }
};

import { performance } from 'node:perf_hooks';

/** What a daemon does every so often: rounds that take tens of seconds to come. */
const SLOW_MS = 10_000;

const rounds = [];
let aheadMs = 0;

/** Lets the test move the time that the daemon goes by. */
export function watchClock() {
  const now = performance.now.bind(performance);
  performance.now = () => now() + aheadMs;
  const { setInterval } = globalThis;
  globalThis.setInterval = (callback, ms, ...args) => {
    if (ms >= SLOW_MS) rounds.push(() => callback(...args));
    return setInterval(callback, ms, ...args);
  };
}

/** So much later: the rounds that would have come by then come once. */
export function advance(ms) {
  aheadMs += ms;
  for (const round of rounds) round();
}

import { CrashLane } from '/root/wt/crash/packages/daemon/test/support/crash/crash-lane.ts';
const lane = await CrashLane.open();
try {
  for (const life of (process.argv[2] ?? 'container,network').split(',') as any[]) {
    const t = performance.now();
    console.log(life, await lane.suffer({ life, call: Number(process.argv[3] ?? 99), point: { step: Number(process.argv[4] ?? 99), phase: (process.argv[5] ?? 'before') as any }, absence: (process.argv[6] ?? 'short') as any, release: '28' }), performance.now() - t);
  }
} catch (e) { console.log(e, await lane.logTail()); }
await lane.close();

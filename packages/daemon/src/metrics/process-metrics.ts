import { Counter, Gauge, type Registry } from 'prom-client';
import { VERSION } from '../version.ts';

/**
 * Registers what every process has, under the names that Prometheus' clients give it, and which release this is.
 *
 * Source: Prometheus documentation, "Writing client libraries", process metrics; "Exposing the software version".
 */
export function watchProcess(registry: Registry): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read());
      },
    });
  };
  new Gauge({
    name: 'routed_build_info',
    help: 'Release of routed-plugin and of Node; always 1.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: VERSION, node: process.versions.node }, 1);
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Time of a processor that the process has used, its own and that of the kernel for it.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  gauge('process_start_time_seconds', 'Start of the process since the Unix epoch.', () =>
    Math.round(Date.now() / 1000 - process.uptime()),
  );
}

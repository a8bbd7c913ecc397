import { NetnsError } from './errors.ts';
import type { Monitor, MonitorOptions } from './types/monitor.ts';

/** stub */
export function openMonitor(options: MonitorOptions): Promise<Monitor> {
  return Promise.reject(new NetnsError('FAILED', options.groups.join(), 'not there yet'));
}

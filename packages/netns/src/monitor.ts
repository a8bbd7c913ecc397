import { monitorOptions, requireOptions } from './check/options.ts';
import { NetnsError } from './errors.ts';
import { MONITOR_GROUPS, groupMask } from './monitor/decode-event.ts';
import { KernelMonitor } from './monitor/kernel-monitor.ts';
import { inNetns } from './netns/in-netns.ts';
import { useNetnsFd } from './rtnl/netns-fd.ts';
import { openRouteSocket } from './socket/open-socket.ts';
import { setReceiveBuffer } from './socket/socket-options.ts';
import { loadSys } from './sys/sys-koffi.ts';
import type { Monitor, MonitorOptions } from './types/monitor.ts';

const OPTIONS = monitorOptions(MONITOR_GROUPS);
/** Some ten thousand events, counted with the kernel's bookkeeping. */
const DEFAULT_RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;

/**
 * Reports changes in a network namespace from now on; what was there before takes a dump.
 *
 * To miss nothing, open the monitor first and dump then.
 * @throws {@link NetnsError} `INVALID_ARGUMENT` without groups and for options that are not understood, `UNSUPPORTED_PLATFORM`, `NOT_PERMITTED`
 * Source: linux uapi rtnetlink.h `RTNLGRP_*`.
 */
export async function openMonitor(options: MonitorOptions): Promise<Monitor> {
  requireOptions(OPTIONS, options, 'monitor');
  const { groups, linkSettings = true, netns, receiveBufferBytes = DEFAULT_RECEIVE_BUFFER_BYTES } = options;
  const mask = groupMask(groups);
  if (mask === 0) throw new NetnsError('INVALID_ARGUMENT', 'monitor', 'name at least one group to listen for');
  const sys = await loadSys();
  const open = (): number => openRouteSocket(sys, mask);
  const purpose = { operation: 'monitor.open', subject: groups.join() };
  const fd = await useNetnsFd(netns, purpose, (netnsFd) => {
    return Promise.resolve(netnsFd === undefined ? open() : inNetns<number>(sys, netnsFd, open));
  });
  setReceiveBuffer(sys, fd, receiveBufferBytes);
  if (!linkSettings) await leaveOutLinkSettings(fd);
  return new KernelMonitor(sys, fd);
}

/** Without it more comes than was asked for, which does no harm: a kernel without filters is none that has netlink's groups. */
async function leaveOutLinkSettings(fd: number): Promise<void> {
  const [{ loadRareCalls }, { settingsFilter }] = await Promise.all([
    import('./sys/rare-calls.ts'),
    import('./monitor/settings-filter.ts'),
  ]);
  (await loadRareCalls()).attachFilter(fd, settingsFilter());
}

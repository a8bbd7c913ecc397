// Records what ip(8) sends to set virtual functions, which no test machine has, into vfs.json beside this file. The kernel
// refuses it; the message is sent all the same. Needs root and strace:
//   node record-vfs.mjs
import { writeFileSync } from 'node:fs';
import { sentBy } from './sent.mjs';

const COMMANDS = {
  mac: 'ip link set dev lo vf 3 mac 02:00:00:00:00:07',
  vlan: 'ip link set dev lo vf 3 vlan 7 qos 5',
  vlanProtocol: 'ip link set dev lo vf 3 vlan 7 qos 5 proto 802.1ad',
  rate: 'ip link set dev lo vf 3 max_tx_rate 1000 min_tx_rate 100',
  switches: 'ip link set dev lo vf 3 spoofchk on trust off query_rss on state disable',
};
const RTM_NEWLINK = 16;

const recorded = Object.fromEntries(
  Object.entries(COMMANDS).map(([name, command]) => [
    name,
    { command, hex: sentBy(command.split(' '), [RTM_NEWLINK]) },
  ]),
);
writeFileSync(new URL('vfs.json', import.meta.url), `${JSON.stringify(recorded, undefined, 2)}\n`);

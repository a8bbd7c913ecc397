import type { Host } from '@routed/lab';

const script = [
  'ip -o link | grep " vethr" | sed "s/^[0-9]*: //"',
  'ip -o -4 route show table main proto 200; ip -o -6 route show table main proto 200',
  'ip -o neighbour show nud permanent | grep vethr',
  'ip -o address show dev lo scope link',
  'iptables -S | grep ROUTED; ip6tables -S | grep ROUTED',
  'nft list table inet routed; nft list table arp routed',
];
const names = ['links', 'routes', 'neighbours', 'gateways', 'acceptance', 'filters'];

/** What routed has on the host. */
export async function snapshot(host: Host): Promise<Record<string, readonly string[]>> {
  const { stdout } = await host.exec(['sh', '-c', `${script.join('; echo ==; ')}; true`]);
  const parts = stdout.split('==\n').map((part) =>
    part
      .split('\n')
      .filter((line) => line !== '')
      .sort(),
  );
  return Object.fromEntries(names.map((name, index) => [name, parts[index] ?? []]));
}

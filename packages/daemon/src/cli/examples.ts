/** What to type, below the help of each command and on its page of the manual; by the words of the command. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  serve: ['routed-plugin serve --gateway 10.200.0.1 --mtu 9000', 'routed-plugin serve --check --uplinks eth0,eth1'],
  'address list': ['routed-plugin address list', 'routed-plugin address list web --json'],
  'address add': ['routed-plugin address add web 10.1.0.20', 'routed-plugin address add web fd00:1::20 --network apps'],
  'address remove': ['routed-plugin address remove web 10.1.0.20'],
  'ingress show': ['routed-plugin ingress show web'],
  'ingress set': [
    'routed-plugin ingress set web "10.0.0.0/8:443/tcp, [fd00::/8]:443/tcp"',
    'routed-plugin ingress set web none',
    'routed-plugin ingress set web - < list.txt',
  ],
  'ingress test': ['routed-plugin ingress test web 10.2.0.7:443/tcp'],
  'ingress suggest': ['routed-plugin ingress suggest web'],
  'egress show': ['routed-plugin egress show web'],
  'egress set': [
    'routed-plugin egress set web "10.0.0.0/8:5432/tcp, api.example.com:443"',
    'routed-plugin egress set web any',
  ],
  'egress test': ['routed-plugin egress test web 198.51.100.7:443/tcp'],
  'egress suggest': ['routed-plugin egress suggest web'],
  'limit show': ['routed-plugin limit show web'],
  'limit set': [
    'routed-plugin limit set web --in 200mbit --out "1gbit burst 1m"',
    'routed-plugin limit set web --out off',
  ],
  announce: ['routed-plugin announce web', 'routed-plugin announce web --policy healthy'],
  withdraw: ['routed-plugin withdraw web'],
  drain: ['routed-plugin drain web --wait 30s', 'routed-plugin drain --all', 'routed-plugin drain --status'],
  undrain: ['routed-plugin undrain web', 'routed-plugin undrain --all'],
  handover: ['routed-plugin handover web --within 30s --wait'],
  'network block': ['routed-plugin network block apps', 'routed-plugin network block apps /26,/122'],
  'network forget': ['routed-plugin network forget apps'],
  doctor: ['routed-plugin doctor', 'routed-plugin doctor --fix', 'routed-plugin doctor --router none --json'],
  cleanup: ['routed-plugin cleanup --dry-run'],
  status: ['routed-plugin status', 'routed-plugin status --json'],
  events: [
    'routed-plugin events --follow',
    'routed-plugin events 10.1.0.2 --since 1h',
    'routed-plugin events --refused',
  ],
  refused: ['routed-plugin refused web'],
  why: ['routed-plugin why 10.1.0.2', 'routed-plugin why web --from 10.2.0.7 --port 443/tcp'],
  whois: ['routed-plugin whois 10.1.0.2'],
  ping: ['routed-plugin ping web', 'routed-plugin ping 10.1.0.2 --from db --size 1400 --count 10'],
  selftest: ['routed-plugin selftest', 'routed-plugin selftest --network apps --peer 10.1.0.2'],
  top: ['routed-plugin top', 'routed-plugin top --once --json'],
  bundle: ['routed-plugin bundle --output support.tar.gz'],
  completion: ['routed-plugin completion bash > /etc/bash_completion.d/routed-plugin'],
};

/** The examples of a command, for below its help; nothing where it has none. */
export function examplesText(words: string): string {
  const examples = EXAMPLES[words] ?? [];
  if (examples.length === 0) return '';
  return `\n${examples.length === 1 ? 'Example' : 'Examples'}:\n${examples.map((line) => `  ${line}`).join('\n')}`;
}

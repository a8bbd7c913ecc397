/** Words that other tools have for what is done here, each with the command line that does it. */
const OTHER_WORDS: ReadonlyMap<string, string> = new Map(
  (
    [
      [['ps', 'ls', 'list', 'show', 'info', 'containers', 'networks', 'endpoints'], 'routed-plugin status'],
      [['inspect', 'trace', 'traceroute', 'explain', 'debug'], 'routed-plugin why ADDRESS'],
      [['log', 'logs', 'journal'], 'journalctl --unit routed'],
      [['start', 'stop', 'restart', 'reload', 'enable', 'disable'], 'systemctl restart routed'],
      [['rm', 'delete', 'del', 'add', 'remove'], 'routed-plugin address add|remove CONTAINER ADDRESS'],
      [['create'], 'docker network create -d routed --ipam-driver routed --subnet 10.1.0.0/16 NAME'],
      [['route', 'routes'], 'ip route show proto routed'],
      [['test', 'check', 'health', 'diagnose', 'verify'], 'routed-plugin doctor'],
      [['config', 'validate'], 'routed-plugin serve --check'],
      [['filter', 'acl', 'allow', 'firewall'], 'routed-plugin ingress set CONTAINER LIST'],
      [['deny', 'block', 'refuse'], 'routed-plugin ingress set CONTAINER none'],
      [['rate', 'shape', 'qos'], 'routed-plugin limit set CONTAINER --in 100mbit'],
      [['uninstall', 'purge', 'clean'], 'routed-plugin cleanup --dry-run'],
      [['forget', 'prune'], 'routed-plugin network forget SUBNET'],
      [['version', '-v', '-version'], 'routed-plugin --version'],
      [['daemon', 'run', 'server'], 'routed-plugin serve'],
      [['-help', '-?', '/?', '?'], 'routed-plugin --help'],
    ] as const
  ).flatMap(([words, line]) => words.map((word) => [word, line] as const)),
);

/** `; did you mean "routed-plugin status"?` for what somebody typed who knows another tool, or undefined. Pure. */
export function otherWordFor(word: string): string | undefined {
  const line = OTHER_WORDS.get(word);
  return line === undefined ? undefined : `; did you mean "${line}"?`;
}

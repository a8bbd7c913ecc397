/** A way for packets to reach a container, and how Docker is told of it. */
export interface Subject {
  /** In figures: stable, since charts are drawn by it. */
  readonly name: string;
  /** Docker's network; absent: the host's own. */
  readonly network?: string;
  /** Options of each of its containers. */
  readonly options?: Readonly<Record<string, string>>;
  /** The address of its container of this number on this host. */
  address(host: number, container: number): string;
}

/** A network that is made on each host. */
export interface NetworkPlan {
  readonly name: string;
  readonly createArgs: readonly string[];
  /** What the other host reaches by way of this one; absent: it needs no route. */
  readonly routed?: string;
  /** Subjects of a network that this Docker, or this plugin, does not know are left out. */
  readonly isOptional?: boolean;
}

/** More than any path here carries, so that its cost is measured and not its limit. */
const rate = '34gbit';
const list = '10.0.0.0/8';
const limits = { 'routed.rate-in': rate, 'routed.rate-out': rate };
const lists = { 'routed.ingress': list, 'routed.egress': list };
const routed = ['--driver', 'routed', '--ipam-driver', 'routed'];
/** The bridge's name on its host. */
export const bridgeLink = 'br-packets';

/** What others are compared with. */
export const referenceName = 'bridge';
/** What is to be as fast as the reference. */
export const routedName = 'routed';
/** What is to be nearly as fast as a macvlan. */
export const untrackedName = 'routed, conntrack off';
export const macvlanName = 'macvlan';

/** The networks of a host of this number, from 1. */
export function networkPlans(host: number): readonly NetworkPlan[] {
  return [
    { name: 'routed', createArgs: [...routed, '--subnet', '10.1.0.0/16'], routed: `10.1.${host}.0/24` },
    {
      name: 'untracked',
      createArgs: [...routed, '--subnet', '10.4.0.0/16', '--opt', 'routed.conntrack=off'],
      routed: `10.4.${host}.0/24`,
      isOptional: true,
    },
    {
      name: 'own-bridge',
      createArgs: ['--subnet', `10.2.${host}.0/24`, '--opt', `com.docker.network.bridge.name=${bridgeLink}`],
      routed: `10.2.${host}.0/24`,
    },
    { name: 'macvlan', createArgs: ['--driver', 'macvlan', '--subnet', '10.3.0.0/16', '--opt', 'parent=eth1'] },
  ];
}

/** Everything that takes turns, in the order of the table. */
export const subjects: readonly Subject[] = [
  { name: routedName, network: 'routed', address: (host, container) => `10.1.${host}.${10 + container}` },
  {
    name: 'routed, lists',
    network: 'routed',
    options: lists,
    address: (host, container) => `10.1.${host}.${20 + container}`,
  },
  {
    name: 'routed, lists and limits',
    network: 'routed',
    options: { ...lists, ...limits },
    address: (host, container) => `10.1.${host}.${30 + container}`,
  },
  { name: untrackedName, network: 'untracked', address: (host, container) => `10.4.${host}.${10 + container}` },
  { name: referenceName, network: 'own-bridge', address: (host, container) => `10.2.${host}.${10 + container}` },
  { name: macvlanName, network: 'macvlan', address: (host, container) => `10.3.${host}.${10 + container}` },
  { name: 'host', address: (host) => `10.112.11.${host}` },
];

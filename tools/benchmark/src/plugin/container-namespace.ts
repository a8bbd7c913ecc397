import { setTimeout as sleep } from 'node:timers/promises';
import type { EndpointOptions, LiveEndpoint } from './docker-calls.ts';
import { containerLinkName } from './link-names.ts';
import type { PluginHost } from './plugin-host.ts';

const gateway = '169.254.1.1';

/** What of iperf3's report counts. */
interface TransferReport {
  readonly end: { readonly sum_received: { readonly bits_per_second: number } };
}

/** An endpoint whose link is in a network namespace of its own, as Docker would have put it there. */
export class ContainerNamespace {
  readonly #host: PluginHost;
  readonly #name: string;
  readonly endpoint: LiveEndpoint;

  private constructor(host: PluginHost, name: string, endpoint: LiveEndpoint) {
    this.#host = host;
    this.#name = name;
    this.endpoint = endpoint;
  }

  /** Its bare address. */
  get address(): string {
    return this.endpoint.address.replace(/\/\d+$/, '');
  }

  static async open(host: PluginHost, name: string, options: EndpointOptions = {}): Promise<ContainerNamespace> {
    const calls = await host.connect();
    const { endpoint } = await calls.up(options);
    calls.close();
    const link = containerLinkName(endpoint.id);
    const inside = `ip netns exec ${name}`;
    const script = [
      `ip netns add ${name}`,
      `ip link set ${link} netns ${name}`,
      `${inside} ip link set lo up`,
      `${inside} ip link set ${link} name eth0`,
      `${inside} ip address add ${endpoint.address} dev eth0`,
      `${inside} ip link set eth0 up`,
      `${inside} ip route add ${gateway} dev eth0 scope link`,
      `${inside} ip route add default via ${gateway}`,
    ];
    await host.host.exec(['sh', '-ec', script.join('\n')]);
    return new ContainerNamespace(host, name, endpoint);
  }

  /** Receives what {@link carry} sends, until the host ends. */
  async listen(): Promise<void> {
    await this.#host.host.spawn(['ip', 'netns', 'exec', this.#name, 'iperf3', '--server'], {
      name: `iperf3-${this.#name}`,
    });
    const isListening = ['ip', 'netns', 'exec', this.#name, 'ss', '-Hltn', 'sport = :5201'];
    while ((await this.#host.host.exec(isListening)).stdout === '') await sleep(20);
  }

  /** Sends TCP to another one. Returns bits per second. */
  async carry(to: ContainerNamespace, seconds: number): Promise<number> {
    const argv = ['iperf3', '--json', '--client', to.address, '--time', String(seconds)];
    const { stdout } = await this.#host.host.exec(['ip', 'netns', 'exec', this.#name, ...argv]);
    return (JSON.parse(stdout) as TransferReport).end.sum_received.bits_per_second;
  }
}

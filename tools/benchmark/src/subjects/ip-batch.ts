import type { Timings } from '../plugin/docker-calls.ts';
import { timedCommand } from '../process/timed-command.ts';
import type { Subject } from './subject.ts';

const group = 0x69706261; // "ipba"

/** The same kernel work by iproute2: one process for each half of a cycle, as a script would have it. */
export class IpBatch implements Subject {
  readonly name = 'ip -batch';
  readonly #netnsPath: string;
  #count = 0;

  constructor(netnsPath: string) {
    this.#netnsPath = netnsPath;
  }

  async cycle(): Promise<Timings> {
    this.#count += 1;
    const name = `vethi${this.#count}`;
    const address = `10.253.${(this.#count >> 8) & 255}.${this.#count & 255}`;
    const mtu = 'mtu 1500';
    const mac = '02:42:0a:fd:00:01';
    const peer = `peer name vethj${this.#count} ${mtu} address ${mac}`;
    const up = await this.#batch([
      `link add ${name} ${mtu} address ee:ee:ee:ee:ee:ee type veth ${peer}`,
      `link set ${name} up alias ip:${this.#count} addrgenmode none`,
      `route replace ${address}/32 dev ${name} proto 200 scope link`,
      `neighbour replace ${address} lladdr ${mac} dev ${name} nud permanent`,
    ]);
    const down = await this.#batch([
      `route delete ${address}/32 proto 200 scope link`,
      `link set ${name} down group ${group}`,
    ]);
    return { up, down };
  }

  async settle(): Promise<Timings> {
    await this.#batch([`link delete group ${group}`]);
    return {};
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #batch(lines: readonly string[]): Promise<number> {
    const argv = ['nsenter', `--net=${this.#netnsPath}`, '--', 'ip', '-batch', '-'];
    return timedCommand(argv, { input: `${lines.join('\n')}\n` });
  }
}

import type { DockerNetworks } from '@routed/docker-engine';
import { DriverError } from '../ground/errors.ts';
import { checkBlocks } from '../networks/check-blocks.ts';
import type { Network } from '../networks/network.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import { type BlockLengths, blockWords } from '../networks/option-values.ts';
import type { Blocks } from './blocks.ts';
import type { NetworkBlocksReply } from './network-blocks-reply.ts';

interface Deps {
  readonly networks: Pick<NetworkRegistry, 'get' | 'all' | 'setBlock'>;
  readonly blocks: Pick<Blocks, 'all' | 'uncoverNetwork'>;
  readonly dockerNetworks: Pick<DockerNetworks, 'networks'>;
}

/** Operators' wishes for blocks of a network, which Docker's own commands cannot change. */
export class NetworkBlocks {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws DriverError NETWORK_UNKNOWN; DockerError */
  async show(asked: string): Promise<NetworkBlocksReply> {
    return this.#reply(await this.#find(asked));
  }

  /**
   * Gives a network blocks of other lengths, or none. Containers that run keep their addresses and are reached all the time.
   *
   * With blocks, a container is covered by one when it starts again. Without, addresses are announced one by one at once, and a block
   * is given back when it has rested.
   *
   * @param block absent: none
   * @throws DriverError NETWORK_UNKNOWN, INVALID_OPTION; DockerError
   */
  async set(asked: string, block: BlockLengths | undefined): Promise<NetworkBlocksReply> {
    const { networks, blocks } = this.#deps;
    const found = await this.#find(asked);
    checkBlocks({ ...found.network, block });
    await networks.setBlock(found.network.id, block);
    if (block === undefined) await blocks.uncoverNetwork(found.network.id);
    return this.#reply({ ...found, network: networks.get(found.network.id) ?? found.network });
  }

  #reply({ name, network: { id, block } }: { readonly name: string; readonly network: Network }): NetworkBlocksReply {
    const own = this.#deps.blocks.all().filter(({ networkId }) => networkId === id);
    return {
      network: name,
      networkId: id,
      block: block === undefined ? 'none' : blockWords(block),
      blocks: own.map(({ prefix }) => prefix),
    };
  }

  /** By name, or by id or the start of it. */
  async #find(asked: string): Promise<{ readonly name: string; readonly network: Network }> {
    const all = (await this.#deps.dockerNetworks.networks()).filter(
      ({ id }) => this.#deps.networks.get(id) !== undefined,
    );
    const isStart = (id: string): boolean => asked.length >= 4 && id.startsWith(asked);
    const found = all.find(({ name }) => name === asked) ?? all.find(({ id }) => isStart(id));
    const network = found && this.#deps.networks.get(found.id);
    if (found !== undefined && network !== undefined) return { name: found.name, network };
    const known = all.map(({ name }) => name).join(', ');
    throw new DriverError(
      'NETWORK_UNKNOWN',
      `no routed network "${asked}" (there are: ${known === '' ? 'none' : known})`,
    );
  }
}

import { isIP } from 'node:net';
import type { FilterVerdict, ListedAddress } from '@routed/driver/replies';
import { z } from 'zod';
import { askDaemonFor } from '../admin/admin-client.ts';
import type { Stage } from './explain.ts';

/** A connection that somebody would open. */
export interface Attempt {
  /** Address, or the name of a container. */
  readonly from: string;
  readonly to: string;
  /** `443/tcp`; absent: a ping. */
  readonly port: string | undefined;
  readonly adminSocket: string;
}

type Direction = 'egress' | 'ingress';

/** The other end of a connection. */
type Asked = Pick<Attempt, 'port' | 'adminSocket'> & { readonly peer: string };

/**
 * What the filters of both ends say of a connection, as far as they are on this host: first where the one who opens it may go, then
 * who may enter the other.
 */
export async function stagesOf({ from, to, port, adminSocket }: Attempt): Promise<Stage[]> {
  const { listedAddress } = await import('@routed/driver/replies');
  const listed = await askDaemonFor(adminSocket, '/v1/addresses', z.array(listedAddress));
  const source = endOf(from, listed, familyOf(to));
  const target = listed.find(({ address }) => address === to);
  const peer = source?.address ?? from;
  const isKnown = isIP(peer) !== 0;
  return [
    { name: 'egress from', ...(await answer('egress', source, from, { peer: to, port, adminSocket })) },
    {
      name: 'ingress from',
      ...(isKnown || target === undefined
        ? await answer('ingress', target, to, { peer, port, adminSocket })
        : { state: 'unknown' as const, text: `${from} has no address of this family on this host` }),
    },
  ];
}

async function answer(
  direction: Direction,
  own: ListedAddress | undefined,
  text: string,
  attempt: Asked,
): Promise<Omit<Stage, 'name'>> {
  if (own === undefined) return { state: 'unknown', text: `${text} is no container of this host: ask there` };
  return textOf(await ask(direction, own, attempt));
}

/** The address of the family that a container, or an address, is meant by. */
function endOf(text: string, listed: readonly ListedAddress[], family: 4 | 6): ListedAddress | undefined {
  return (
    listed.find(({ address }) => address === text) ??
    listed.find(({ container, address }) => container === text && familyOf(address) === family)
  );
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

async function ask(
  direction: Direction,
  { container, network }: ListedAddress,
  { peer, port, adminSocket }: Asked,
): Promise<FilterVerdict | undefined> {
  const { filterVerdict } = await import('@routed/driver/replies');
  const address = port === undefined ? peer : `${peer.includes(':') ? `[${peer}]` : peer}:${port}`;
  const path = `/v1/containers/${encodeURIComponent(container)}/${direction}/test`;
  const request = { method: 'POST', path, body: { peer: address, network } } as const;
  return (await askDaemonFor(adminSocket, request, z.array(filterVerdict)))[0];
}

function textOf(verdict: FilterVerdict | undefined): Omit<Stage, 'name'> {
  if (verdict === undefined) return { state: 'unknown', text: 'its filters do not say' };
  const { container, network, because } = verdict;
  const words = { passes: 'passes', refused: 'is refused', counted: 'passes, and is counted' } as const;
  const text = `it ${words[verdict.verdict]} at ${container} on ${network}: ${because}`;
  return { state: verdict.verdict === 'refused' ? 'broken' : 'ok', text };
}

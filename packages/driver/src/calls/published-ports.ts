import { OPTION_LABELS } from '@routed/plugin-protocol';
import { z } from 'zod';

/** Source: linux uapi in.h; the protocols that `docker run --publish` takes. */
const PROTOCOLS: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' };

const portMaps = z.array(
  z.object({ Proto: z.number(), Port: z.number(), HostPort: z.number().nullish(), HostIP: z.string().nullish() }),
);

/**
 * The ports that `docker run --publish` names, such as `8080:80/tcp`: a routed container has none on its host, because it is reached
 * at its own address. Docker sends them with the options of an endpoint. Pure; none of what cannot be read.
 *
 * Source: moby libnetwork/types PortBinding, as JSON.
 */
export function publishedPorts(options: Readonly<Record<string, unknown>>): string[] {
  const { data = [] } = portMaps.safeParse(options[OPTION_LABELS.portMap]);
  return data.map(({ Proto, Port, HostPort, HostIP }) => {
    const at = HostIP === undefined || HostIP === null || HostIP === '' ? '' : `${HostIP}:`;
    // 0: Docker would choose one.
    const hostPort = HostPort === undefined || HostPort === null || HostPort === 0 ? '' : `${HostPort}:`;
    return `${at}${hostPort}${Port}/${PROTOCOLS[Proto] ?? Proto}`;
  });
}

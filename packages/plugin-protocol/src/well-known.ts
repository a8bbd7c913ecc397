/**
 * The media type of the protocol: sent by Docker in `Accept`, and by convention the `Content-Type` of a reply (which
 * Docker does not read).
 *
 * Source: captured from Docker 20.10.24.
 */
export const PLUGIN_CONTENT_TYPE = 'application/vnd.docker.plugins.v1.2+json';

/**
 * Keys with a meaning of Docker's in the `Options` and `Data` maps.
 *
 * Source: moby v20.10.24, v28.5.2, v29.7.2 netlabel and ipamapi; captured from Docker 20.10.24.
 */
export const OPTION_LABELS = {
  /** `CreateNetwork`: the map of all `-o key=value` pairs. */
  generic: 'com.docker.network.generic',
  /** `CreateNetwork`: boolean, Docker 28.0 and later. */
  enableIpv4: 'com.docker.network.enable_ipv4',
  /** `CreateNetwork`: boolean. */
  enableIpv6: 'com.docker.network.enable_ipv6',
  /** `CreateNetwork`: true with `--internal`, else normally absent. */
  internal: 'com.docker.network.internal',
  /** `RequestPool` reply, `Data`: gateway with prefix length. Also the value of `requestAddressType` for a gateway. */
  gatewayData: 'com.docker.network.gateway',
  /** `RequestAddress`: what the address is for. */
  requestAddressType: 'RequestAddressType',
  /** `RequestAddress` on a swarm manager: `'true'` asks for addresses in sequence. */
  ipamSerial: 'com.docker.network.ipam.serial',
  /** `CreateEndpoint`, `Join`, `ProgramExternalConnectivity`: array of published ports. */
  portMap: 'com.docker.network.portmap',
  /** `CreateEndpoint`, `Join`, `ProgramExternalConnectivity`: array of `{ Proto, Port }`. */
  exposedPorts: 'com.docker.network.endpoint.exposedports',
  /** `RequestAddress`: MAC address as text. `CreateEndpoint`: base64 of its bytes (read `Interface.MacAddress`). */
  macAddress: 'com.docker.network.endpoint.macaddress',
  /** `RequestAddress`: the container's name, Docker 29.0 and later. */
  endpointName: 'com.docker.network.endpoint.name',
  /** `CreateEndpoint`: array of addresses, only if `--dns` or the daemon's dns is set. */
  dnsServers: 'com.docker.network.endpoint.dnsservers',
  /** `CreateEndpoint`: sysctls of the interface, applied by Docker 27 and later itself. */
  sysctls: 'com.docker.network.endpoint.sysctls',
  /** `CreateEndpoint`: interface name, Docker 28.0 and later; not honoured for remote drivers. */
  interfaceName: 'com.docker.network.endpoint.ifname',
  /** `ProgramExternalConnectivity`: boolean, Docker 28 and later. */
  noProxy6to4: 'com.docker.network.driver.private.no_proxy_6to4',
  /** `-o` of any network: number of unsolicited ARP/NA messages (0-3), read by Docker 28 and later itself. */
  advertiseAddressCount: 'com.docker.network.advertise_addr_nmsgs',
  /** `-o` of any network: milliseconds between them (100-2000). */
  advertiseAddressIntervalMs: 'com.docker.network.advertise_addr_ms',
} as const;

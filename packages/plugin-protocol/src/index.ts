/**
 * Docker's plugin protocol for networks, IPAM, volumes and authorization: a zod schema and a type for every message, and a client that calls a
 * plugin in Docker's place. Field names are Docker's wire names.
 *
 * @packageDocumentation
 */
export { openPluginClient } from './client/plugin-client.ts';
export type { CallArguments, CallOptions, PluginClient, PluginClientOptions } from './client/plugin-client.ts';
export { isPluginCallError, PluginCallError } from './client/plugin-call-error.ts';
export type { PluginCallErrorCode } from './client/plugin-call-error.ts';
export { errorReply } from './error-reply.ts';
export { isMethodName, METHODS } from './methods.ts';
export type { MethodName, MethodSpec, ReplyOf, RequestOf, WireRequestOf } from './methods.ts';
export { parseRequest } from './parse-request.ts';
export { isProtocolError, ProtocolError } from './protocol-error.ts';
export type { ProtocolErrorCode } from './protocol-error.ts';
export { AuthorizationReply, AuthorizeRequestRequest, AuthorizeResponseRequest } from './schema/authorization.ts';
export {
  CreateEndpointReply,
  CreateEndpointRequest,
  DeleteEndpointRequest,
  EndpointInterface,
  EndpointOperInfoReply,
  EndpointOperInfoRequest,
  JoinReply,
  JoinRequest,
  LeaveRequest,
  ProgramExternalConnectivityRequest,
  RevokeExternalConnectivityRequest,
  ROUTE_TYPE,
  StaticRoute,
} from './schema/endpoint.ts';
export {
  DefaultAddressSpacesReply,
  IpamCapabilitiesReply,
  ReleaseAddressRequest,
  ReleasePoolRequest,
  RequestAddressReply,
  RequestAddressRequest,
  RequestPoolReply,
  RequestPoolRequest,
} from './schema/ipam.ts';
export {
  AllocateNetworkReply,
  AllocateNetworkRequest,
  CreateNetworkRequest,
  DeleteNetworkRequest,
  DiscoveryRequest,
  FreeNetworkRequest,
  GwAllocCheckReply,
  GwAllocCheckRequest,
  IpamData,
  NetworkCapabilitiesReply,
} from './schema/network.ts';
export { ActivateReply, EmptyReply, EmptyRequest } from './schema/plugin.ts';
export {
  CreateVolumeRequest,
  GetVolumeReply,
  ListVolumesReply,
  MountpointReply,
  MountVolumeRequest,
  VolumeCapabilitiesReply,
  VolumeRequest,
} from './schema/volume.ts';
export { OPTION_LABELS, PLUGIN_CONTENT_TYPE } from './well-known.ts';
export type { Handler, Handlers } from './handlers.ts';

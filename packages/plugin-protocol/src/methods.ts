import type { z } from 'zod';
import { AuthorizationReply, AuthorizeRequestRequest, AuthorizeResponseRequest } from './schema/authorization.ts';
import {
  CreateEndpointReply,
  CreateEndpointRequest,
  DeleteEndpointRequest,
  EndpointOperInfoReply,
  EndpointOperInfoRequest,
  JoinReply,
  JoinRequest,
  LeaveRequest,
  ProgramExternalConnectivityRequest,
  RevokeExternalConnectivityRequest,
} from './schema/endpoint.ts';
import {
  DefaultAddressSpacesReply,
  IpamCapabilitiesReply,
  ReleaseAddressRequest,
  ReleasePoolRequest,
  RequestAddressReply,
  RequestAddressRequest,
  RequestPoolReply,
  RequestPoolRequest,
} from './schema/ipam.ts';
import {
  AllocateNetworkReply,
  AllocateNetworkRequest,
  CreateNetworkRequest,
  DeleteNetworkRequest,
  DiscoveryRequest,
  FreeNetworkRequest,
  GwAllocCheckReply,
  GwAllocCheckRequest,
  NetworkCapabilitiesReply,
} from './schema/network.ts';
import { ActivateReply, EmptyReply, EmptyRequest } from './schema/plugin.ts';
import {
  CreateVolumeRequest,
  GetVolumeReply,
  ListVolumesReply,
  MountpointReply,
  MountVolumeRequest,
  VolumeCapabilitiesReply,
  VolumeRequest,
} from './schema/volume.ts';

/** One call of the protocol: its schemas, and whether Docker sends a body with it. */
export interface MethodSpec<
  Request extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
  TakesBody extends boolean = boolean,
> {
  readonly request: Request;
  readonly reply: Reply;
  readonly takesBody: TakesBody;
}

function withBody<Request extends z.ZodType, Reply extends z.ZodType>(
  request: Request,
  reply: Reply,
): MethodSpec<Request, Reply, true> {
  return { request, reply, takesBody: true };
}

function withoutBody<Reply extends z.ZodType>(reply: Reply): MethodSpec<typeof EmptyRequest, Reply, false> {
  return { request: EmptyRequest, reply, takesBody: false };
}

/**
 * Every call that Docker makes to a network, IPAM, volume or authorization plugin, by the name in its URL path.
 *
 * Source: moby v20.10.24 and v28.5.2, drivers/remote, ipams/remote, volume/drivers, pkg/authorization and pkg/plugins.
 */
export const METHODS = {
  'Plugin.Activate': withoutBody(ActivateReply),
  'NetworkDriver.GetCapabilities': withoutBody(NetworkCapabilitiesReply),
  'NetworkDriver.GwAllocCheck': withBody(GwAllocCheckRequest, GwAllocCheckReply),
  'NetworkDriver.AllocateNetwork': withBody(AllocateNetworkRequest, AllocateNetworkReply),
  'NetworkDriver.FreeNetwork': withBody(FreeNetworkRequest, EmptyReply),
  'NetworkDriver.CreateNetwork': withBody(CreateNetworkRequest, EmptyReply),
  'NetworkDriver.DeleteNetwork': withBody(DeleteNetworkRequest, EmptyReply),
  'NetworkDriver.CreateEndpoint': withBody(CreateEndpointRequest, CreateEndpointReply),
  'NetworkDriver.EndpointOperInfo': withBody(EndpointOperInfoRequest, EndpointOperInfoReply),
  'NetworkDriver.DeleteEndpoint': withBody(DeleteEndpointRequest, EmptyReply),
  'NetworkDriver.Join': withBody(JoinRequest, JoinReply),
  'NetworkDriver.Leave': withBody(LeaveRequest, EmptyReply),
  'NetworkDriver.DiscoverNew': withBody(DiscoveryRequest, EmptyReply),
  'NetworkDriver.DiscoverDelete': withBody(DiscoveryRequest, EmptyReply),
  'NetworkDriver.ProgramExternalConnectivity': withBody(ProgramExternalConnectivityRequest, EmptyReply),
  'NetworkDriver.RevokeExternalConnectivity': withBody(RevokeExternalConnectivityRequest, EmptyReply),
  'IpamDriver.GetCapabilities': withoutBody(IpamCapabilitiesReply),
  'IpamDriver.GetDefaultAddressSpaces': withoutBody(DefaultAddressSpacesReply),
  'IpamDriver.RequestPool': withBody(RequestPoolRequest, RequestPoolReply),
  'IpamDriver.ReleasePool': withBody(ReleasePoolRequest, EmptyReply),
  'IpamDriver.RequestAddress': withBody(RequestAddressRequest, RequestAddressReply),
  'IpamDriver.ReleaseAddress': withBody(ReleaseAddressRequest, EmptyReply),
  'VolumeDriver.Create': withBody(CreateVolumeRequest, EmptyReply),
  'VolumeDriver.Remove': withBody(VolumeRequest, EmptyReply),
  'VolumeDriver.Mount': withBody(MountVolumeRequest, MountpointReply),
  'VolumeDriver.Unmount': withBody(MountVolumeRequest, EmptyReply),
  'VolumeDriver.Path': withBody(VolumeRequest, MountpointReply),
  'VolumeDriver.Get': withBody(VolumeRequest, GetVolumeReply),
  'VolumeDriver.List': withoutBody(ListVolumesReply),
  'VolumeDriver.Capabilities': withoutBody(VolumeCapabilitiesReply),
  'AuthZPlugin.AuthZReq': withBody(AuthorizeRequestRequest, AuthorizationReply),
  'AuthZPlugin.AuthZRes': withBody(AuthorizeResponseRequest, AuthorizationReply),
} as const;

/** The name of a call, such as `NetworkDriver.Join`; Docker posts to `/` and this name. */
export type MethodName = keyof typeof METHODS;

/** A request as {@link parseRequest} returns it: everything Docker may omit is filled in. */
export type RequestOf<M extends MethodName> = z.output<(typeof METHODS)[M]['request']>;

/** A request as it may stand on the wire: what {@link RequestOf} fills in may be absent or null. */
export type WireRequestOf<M extends MethodName> = z.input<(typeof METHODS)[M]['request']>;

/** What a driver returns for a call that succeeded. */
export type ReplyOf<M extends MethodName> = z.input<(typeof METHODS)[M]['reply']>;

/** True if `text` names a call of the protocol; inherited names such as `constructor` do not. */
export function isMethodName(text: string): text is MethodName {
  return Object.hasOwn(METHODS, text);
}

import type { Lease, Pool } from '@routed/ipam';
import { z } from 'zod';
import type { HostDrainRecord } from '../endpoints/host-drain.ts';
import type { AddressOwner } from '../containers/address-owners.ts';
import type { PersistentAssignment } from '../containers/persistent-assignment.ts';
import type { KeptRecord } from '../leases/kept-record.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { Network } from '../networks/network.ts';
import { STORED_OPTIONS } from '../networks/options.ts';

// Fields that a newer release has added are let be: what reads a record checks it, and returns it as it was written.

const id = z.string().min(1);
const family = z.literal([4, 6]);
const address = z.union([z.ipv4(), z.ipv6()]);
const prefix = z.union([z.cidrv4(), z.cidrv6()]);

const networkPrefix = { poolId: id, family, prefix };
const leasedAddress = { poolId: id, family, address, isAnycast: z.boolean().optional(), block: prefix.optional() };

/** What each kind of record must be, beside what the compiler knows of it: the disk is outside of its reach. */
export const RECORD_SHAPES = {
  networks: z.looseObject({
    id,
    pools: z.array(z.looseObject({ ...networkPrefix, gateway: address })),
    prefixes: z.array(z.looseObject(networkPrefix)),
    ...STORED_OPTIONS.network,
    isUnanswered: z.boolean().exactOptional(),
  }) satisfies z.ZodType<Network>,
  endpoints: z.looseObject({
    id,
    networkId: id,
    addresses: z.array(z.looseObject({ ...leasedAddress, gateway: address, isChosen: z.boolean().exactOptional() })),
    additional: z.array(z.looseObject({ ...leasedAddress, isSticky: z.boolean() })),
    ...STORED_OPTIONS.endpoint,
    givenDns: z.array(address).readonly().exactOptional(),
    insiders: z.array(prefix).readonly().exactOptional(),
    isOwnerPending: z.boolean().exactOptional(),
    isEgressPending: z.boolean().exactOptional(),
    isAnnounced: z.boolean().exactOptional(),
    isWished: z.boolean().exactOptional(),
    isDraining: z.boolean().exactOptional(),
    handoverUntilMs: z.int().nonnegative().exactOptional(),
    takenOverAtMs: z.int().nonnegative().exactOptional(),
    isEnding: z.boolean().exactOptional(),
    stopDrain: z.looseObject({ until: z.number(), isSignalSent: z.boolean() }).exactOptional(),
    mac: z.mac(),
    publishedPorts: z.array(z.string()).exactOptional(),
    mtuBytes: z.int().positive().exactOptional(),
    sandboxKey: z.string().exactOptional(),
  }) satisfies z.ZodType<Endpoint>,
  sticky: z.looseObject({
    id,
    containerId: id,
    containerName: z.string(),
    networkId: id,
    networkName: z.string(),
    addresses: z.array(z.looseObject(leasedAddress)),
    ingress: STORED_OPTIONS.endpoint.ingress,
    rateIn: STORED_OPTIONS.endpoint.rateIn,
    rateOut: STORED_OPTIONS.endpoint.rateOut,
    egress: STORED_OPTIONS.endpoint.egress,
  }) satisfies z.ZodType<PersistentAssignment>,
  kept: z.looseObject({
    id,
    containerId: id,
    containerName: z.string(),
    networkId: id,
    addresses: z.array(z.looseObject(leasedAddress)),
  }) satisfies z.ZodType<KeptRecord>,
  owners: z.looseObject({ id: address, containerId: id, containerName: z.string() }) satisfies z.ZodType<AddressOwner>,
  drain: z.looseObject({ id: z.literal('host') }) satisfies z.ZodType<HostDrainRecord>,
  pools: z.looseObject({
    id,
    addressSpace: id,
    family,
    prefix,
    subPool: prefix.exactOptional(),
    owner: z.string().exactOptional(),
    users: z.array(z.string()).exactOptional(),
  }) satisfies z.ZodType<Pool>,
  leases: z.looseObject({
    poolId: id,
    address,
    purpose: z.literal(['endpoint', 'additional', 'sticky', 'gateway', 'auxiliary']),
    holder: z.string().exactOptional(),
  }) satisfies z.ZodType<Lease>,
} as const;

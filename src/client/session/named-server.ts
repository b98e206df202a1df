import { setTimeout } from 'node:timers/promises';
import { type LocalAddress, localCandidateAddresses } from '../../io/network/network-interfaces.ts';
import { proxyFor } from '../../io/network/proxy-server.ts';
import {
  parseServerAddress,
  resolveServer,
  type ServerAddress,
} from '../../io/network/resolve-server.ts';
import { P2PShareError } from '../../protocol/errors.ts';
import { type Endpoint, FOREIGN_STREAM, sameEndpoint } from '../../protocol/wire/endpoint.ts';

/** A server that the user named, and where it is. */
export interface NamedServer {
  readonly address: ServerAddress;
  readonly endpoint: Endpoint;
  /** Whether `endpoint` is where it answers UDP, or no more than a name for it. */
  readonly isResolved: boolean;
}

/** Connections to the servers have numbers from here on. */
export const FIRST_SERVER_STREAM = FOREIGN_STREAM + 1;
/** Nobody names more; each costs a registration, a claim, and a place among the candidates. */
const MAX_SERVERS = 4;

/**
 * The servers whose names can be resolved, here or by a proxy. Rejects when none can, and with
 * `P2P_USAGE` when they are too many.
 */
export async function resolveServers(
  names: readonly string[],
  resolver: typeof resolveServer = resolveServer,
): Promise<NamedServer[]> {
  if (names.length > MAX_SERVERS) {
    throw new P2PShareError('P2P_USAGE', `more than ${MAX_SERVERS} servers`);
  }
  const addresses = names.map(parseServerAddress);
  const resolved = new Map<number, NamedServer>();
  const resolving = addresses.map(async (address, index) => {
    resolved.set(index, await resolve(address, index, resolver));
  });
  const all = Promise.allSettled(resolving);
  // With one of them known, the others are not waited for long.
  if (await someSucceeds(resolving)) await unlessSlow(all);
  else if (names.length > 0) await Promise.all(resolving);
  return addresses.flatMap((_, index) => resolved.get(index) ?? []).filter(isFirstOfItsKind);
}

async function someSucceeds(work: readonly Promise<unknown>[]): Promise<boolean> {
  return await Promise.any(work).then(
    () => true,
    () => false,
  );
}

/** Two names of one server are one. */
function isFirstOfItsKind(one: NamedServer, index: number, all: readonly NamedServer[]): boolean {
  return all.findIndex((other) => sameEndpoint(other.endpoint, one.endpoint)) === index;
}

async function resolve(
  address: ServerAddress,
  index: number,
  resolver: typeof resolveServer,
): Promise<NamedServer> {
  const resolving = resolver(address);
  const endpoints = await (proxyFor(address) === undefined ? resolving : unlessSlow(resolving));
  const endpoint = preferred(endpoints ?? [], localCandidateAddresses());
  // Another one for each server, since it is all that tells them apart.
  const dummy = { address: DUMMY, port: (address.port + index) % MAX_PORT || MAX_PORT };
  return { address, endpoint: endpoint ?? dummy, isResolved: endpoint !== undefined };
}

/** IPv4, which more networks have, unless we are in one that has none. */
export function preferred(
  endpoints: readonly Endpoint[],
  own: readonly Pick<LocalAddress, 'family'>[],
): Endpoint | undefined {
  const isIpv6Only = own.length > 0 && own.every(({ family }) => family === 'udp6');
  const ofFamily = endpoints.find(({ address }) => address.includes(':') === isIpv6Only);
  return ofFamily ?? endpoints[0];
}

/** Where a proxy resolves names, we often cannot, and learn of that by no answer. */
async function unlessSlow<T>(resolving: Promise<T>): Promise<T | undefined> {
  const patience = new AbortController();
  const { signal } = patience;
  try {
    return await Promise.race([resolving, setTimeout(RESOLVE_WITHIN_MS, undefined, { signal })]);
  } catch {
    return undefined;
  } finally {
    patience.abort();
  }
}

/** A resolver that has an answer has it after some 100 ms; the first repetition comes after 5 s. */
const RESOLVE_WITHIN_MS = 1_000;

const MAX_PORT = 65_535;

/** RFC 7600 §4.8: the address that is nobody's, for where one has to be named. */
const DUMMY = '192.0.0.8';

import { setTimeout } from 'node:timers/promises';
import { proxyFor } from '../io/proxy-server.ts';
import { parseServerAddress, resolveServer, type ServerAddress } from '../io/resolve-server.ts';
import { type Endpoint, FOREIGN_STREAM } from '../protocol/wire/endpoint.ts';

/** A server that the user named, and where it is. */
export interface NamedServer {
  readonly address: ServerAddress;
  readonly endpoint: Endpoint;
  /** Whether `endpoint` is where it answers UDP, or no more than a name for it. */
  readonly isResolved: boolean;
}

/** The number under which connections to the server are opened. */
export const SERVER_STREAM = FOREIGN_STREAM + 1;

/** The first server whose name can be resolved, here or by a proxy. */
export async function firstServer(
  names: readonly string[],
  resolver: typeof resolveServer = resolveServer,
): Promise<NamedServer | undefined> {
  let failure: unknown;
  for (const address of names.map(parseServerAddress)) {
    try {
      return await resolve(address, resolver);
    } catch (error) {
      failure = error;
    }
  }
  if (failure !== undefined) throw failure;
  return undefined;
}

async function resolve(
  address: ServerAddress,
  resolver: typeof resolveServer,
): Promise<NamedServer> {
  const resolving = resolver(address);
  const endpoints = await (proxyFor(address) === undefined ? resolving : unlessSlow(resolving));
  // IPv4 first, which more networks have.
  const endpoint = endpoints?.find((one) => !one.address.includes(':')) ?? endpoints?.[0];
  const dummy = { address: DUMMY, port: address.port };
  return { address, endpoint: endpoint ?? dummy, isResolved: endpoint !== undefined };
}

/** Where a proxy resolves names, we often cannot, and learn of that by no answer. */
async function unlessSlow(resolving: Promise<Endpoint[]>): Promise<Endpoint[] | undefined> {
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

/** RFC 7600 §4.8: the address that is nobody's, for where one has to be named. */
const DUMMY = '192.0.0.8';

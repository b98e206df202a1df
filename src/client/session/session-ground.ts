import { createCrypto } from '../../crypto/node-crypto.ts';
import { openSsl } from '../../crypto/openssl.ts';
import { preferredSuites } from '../../crypto/preferred-suites.ts';
import { systemRandom } from '../../crypto/random.ts';
import { sharedHasher } from '../../crypto/xxhash.ts';
import { OWN_INTERFACES } from '../../io/network/interface-list.ts';
import { P2PShareError } from '../../protocol/errors.ts';
import type { SessionOptions } from '../../protocol/session/session-options.ts';
import type { CongestionName } from '../../protocol/transport/congestion/controllers.ts';
import type { RateCap } from '../../protocol/transport/rate-cap.ts';
import type { CommonOptions } from '../api/options.ts';
import { type Endpoints, noEndpoints, openEndpoints } from './endpoints.ts';
import { type NamedServer, resolveServers } from './named-server.ts';

/** Sockets and what a session is made from; `servers` are where its rendezvous are, if any were named. */
export interface SessionGround {
  readonly endpoints: Endpoints;
  readonly servers: readonly NamedServer[];
  /** Whether the local network is tried as well. */
  readonly lan: boolean;
  /** Whether our router is asked to let the peer in. */
  readonly mapsPort: boolean;
  readonly options: SessionOptions;
}

/** Opens what every session needs. Rejects with a `P2PShareError`. */
export async function prepareSession(
  options: CommonOptions & {
    readonly cap?: RateCap | undefined;
    readonly congestion?: CongestionName | undefined;
  },
): Promise<SessionGround> {
  const {
    servers: names = [],
    udp = true,
    lan = true,
    route = 'any',
    portMapping = true,
  } = options;
  if (!udp && (names.length === 0 || route === 'direct')) {
    throw new P2PShareError('P2P_USAGE', 'without UDP everything goes through a server');
  }
  if (names.length === 0 && (!lan || route === 'relay')) {
    throw new P2PShareError('P2P_USAGE', 'without a server the local network must be allowed');
  }
  await OWN_INTERFACES.known();
  const servers = await resolveServers(names);
  const crypto = createCrypto(systemRandom, await openSsl());
  const hasher = await sharedHasher();
  // Last, because whoever gets no session closes nothing.
  const endpoints = udp ? await openEndpoints() : noEndpoints();
  return {
    endpoints,
    servers,
    lan: udp && lan && route !== 'relay',
    mapsPort: portMapping && udp && route !== 'relay',
    options: {
      crypto,
      random: systemRandom,
      hasher,
      suites: preferredSuites(crypto),
      policy: route,
      congestion: options.congestion,
      caps: options.cap === undefined ? [] : [options.cap],
      thorough: options.thoroughSearch ?? false,
      servers: servers.map(({ endpoint, isResolved }) => ({
        endpoint,
        udp: udp && isResolved,
        stream: true,
      })),
      localEndpoints: endpoints.local,
      interfaces: endpoints.interfaces,
    },
  };
}

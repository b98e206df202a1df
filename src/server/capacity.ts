import { MAX_PER_ADDRESS } from '../client/api/options.ts';
import { DEFAULT_WEBSOCKET_LIMITS, type WebSocketLimits } from '../io/network/websocket-limits.ts';
import { P2PShareError } from '../protocol/errors.ts';
import { DEFAULT_RELAY_LIMITS, type RelayLimits } from '../protocol/relay/relay-limits.ts';
import type { Rate } from '../protocol/rendezvous/rate-limit.ts';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from '../protocol/rendezvous/server-limits.ts';

/** Registrations of a transfer: the one under its code, and one to be found under again. */
const REGISTRATIONS_OF_ONE = 2;

/** Connections over TCP that a transfer has with a server: one to ask by, and one that shows its port. */
const STREAMS_OF_ONE = 2;

/** Answers from another socket that a client's look at its NATs takes. */
const QUESTIONS_OF_ONE = 10;

/** What a server grants, as far as it is not the default. */
export interface Capacity {
  readonly limits: Partial<ServerLimits>;
  readonly relayLimits: Partial<RelayLimits>;
  readonly streamLimits: Partial<WebSocketLimits>;
}

/**
 * As much for each address as `transfers` (whole) at once and begun in a minute take: behind one
 * address there may be a whole office, or a script. How often a code may be guessed stays as it is.
 * Throws `P2P_USAGE` for a number that is not from 1 to `MAX_PER_ADDRESS`.
 */
export function capacityFor(transfers: number): Capacity {
  if (!Number.isSafeInteger(transfers) || transfers < 1 || transfers > MAX_PER_ADDRESS) {
    throw new P2PShareError('P2P_USAGE', `perAddress: a number from 1 to ${MAX_PER_ADDRESS}`);
  }
  const rate = { perMinute: transfers, burst: transfers };
  const { registrationsPerSite, alternateRate } = DEFAULT_SERVER_LIMITS;
  const { reunionRate, openClaimRate } = DEFAULT_SERVER_LIMITS;
  const { sessions } = DEFAULT_RELAY_LIMITS;
  const { connections, connectionsPerSource } = DEFAULT_WEBSOCKET_LIMITS;
  const registrations = REGISTRATIONS_OF_ONE * transfers;
  const streams = STREAMS_OF_ONE * transfers;
  return {
    limits: {
      registrationsPerHost: registrations,
      registrationsPerSite: Math.max(registrationsPerSite, registrations),
      registerRate: rate,
      reunionRate: atLeast(reunionRate, transfers),
      claimRate: rate,
      openClaimRate: atLeast(openClaimRate, transfers),
      // Each looks once what its NATs do.
      alternateRate: atLeast(alternateRate, QUESTIONS_OF_ONE * transfers),
    },
    relayLimits: { sessionsPerHost: transfers, sessions: Math.max(sessions, transfers) },
    streamLimits: {
      connectionsPerSource: Math.max(connectionsPerSource, streams),
      connections: Math.max(connections, 2 * streams),
    },
  };
}

function atLeast({ perMinute, burst }: Rate, count: number): Rate {
  return { perMinute: Math.max(perMinute, count), burst: Math.max(burst, count) };
}

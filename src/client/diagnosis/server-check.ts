import { systemRandom } from '../../crypto/random.ts';
import { monotonicNow } from '../../io/clock.ts';
import { Driver } from '../../io/driver.ts';
import { resolveServer, type ServerAddress } from '../../io/network/resolve-server.ts';
import { reachByTcp } from '../../io/network/tcp-reach.ts';
import { openUdpSocket, type UdpSocket } from '../../io/network/udp-socket.ts';
import {
  ServerProbe,
  type ServerProbeEvent,
  type ServerReach,
} from '../../protocol/rendezvous/server-probe.ts';
import type { Endpoint } from '../../protocol/wire/endpoint.ts';
import type { EndpointDiagnosis, RoundTripDiagnosis, UdpAnswer } from '../api/diagnosis.ts';

/** A name may lead to many addresses; the first few stand for all. */
const MOST_ENDPOINTS = 4;

/** What one endpoint of a server looks like from here. */
export interface EndpointCheck extends Omit<EndpointDiagnosis, 'endpoint' | 'observed'> {
  readonly endpoint: Endpoint;
  readonly observed: Endpoint | undefined;
}

export interface CheckContext {
  /** What is not known by then stays unknown. */
  readonly end: AbortSignal;
  /** Called when an endpoint has answered for the first time. */
  readonly onAnswer: (endpoint: Endpoint) => void;
}

/** Checks each endpoint of a server, all at the same time; none where its name is not known. */
export async function checkServer(
  address: ServerAddress,
  context: CheckContext,
): Promise<EndpointCheck[]> {
  const endpoints = await resolved(address, context.end);
  return await Promise.all(endpoints.map((endpoint) => checkEndpoint(endpoint, context)));
}

async function resolved(address: ServerAddress, end: AbortSignal): Promise<Endpoint[]> {
  // The system's resolver cannot be stopped, only left alone.
  const given = new Promise<Endpoint[]>((resolve) => {
    end.addEventListener('abort', () => resolve([]), { once: true });
  });
  const found = resolveServer(address).catch(() => []);
  return (await Promise.race([found, given])).slice(0, MOST_ENDPOINTS);
}

async function checkEndpoint(endpoint: Endpoint, context: CheckContext): Promise<EndpointCheck> {
  const [udp, tcp] = await Promise.all([
    reachByUdp(endpoint, context),
    reachByTcp(endpoint, context.end),
  ]);
  const reach = udp === 'unreachable' ? undefined : udp;
  return {
    endpoint,
    udp: reach === undefined ? 'unreachable' : ANSWERS[reach.answer],
    tcp,
    observed: reach?.observed,
    rtt: reach === undefined ? null : roundTripsOf(reach),
    mtu: reach?.mtu ?? null,
  };
}

const ANSWERS: Readonly<Record<ServerReach['answer'], UdpAnswer>> = {
  none: 'unanswered',
  observed: 'answered',
  'other-version': 'other-version',
};

/** What the round trips are like; nothing where none came back. */
export function roundTripsOf({
  pings,
  roundTrips,
}: Pick<ServerReach, 'pings' | 'roundTrips'>): RoundTripDiagnosis | null {
  const sorted = [...roundTrips].sort((a, b) => a - b);
  const [least] = sorted;
  if (least === undefined) return null;
  const middle = (sorted.length - 1) / 2;
  const [below, above] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  const median = ((below ?? least) + (above ?? least)) / 2;
  return {
    asked: pings,
    answered: sorted.length,
    minMs: rounded(least),
    medianMs: rounded(median),
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

async function reachByUdp(
  server: Endpoint,
  context: CheckContext,
): Promise<ServerReach | 'unreachable'> {
  const family = server.address.includes(':') ? 'udp6' : 'udp4';
  const socket = await openUdpSocket({ family }).catch(() => undefined);
  if (socket === undefined) return 'unreachable';
  try {
    return await probeOn(socket, server, context);
  } finally {
    await socket.close();
  }
}

/** What the system says at once where there is no way, or where none is allowed. */
const NO_WAY = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EPERM', 'EACCES']);

function probeOn(
  socket: UdpSocket,
  server: Endpoint,
  { end, onAnswer }: CheckContext,
): Promise<ServerReach | 'unreachable'> {
  const measuresMtu = socket.forbidsFragments;
  const probe = new ServerProbe({ server, random: systemRandom, measuresMtu }, monotonicNow());
  return new Promise((resolve) => {
    let isReachable = true;
    const close = () => {
      probe.close();
      driver.poke();
    };
    const onEvent = (event: ServerProbeEvent) => {
      if (event.kind === 'answered') onAnswer(server);
      else {
        driver.close();
        end.removeEventListener('abort', close);
        resolve(isReachable ? event.reach : 'unreachable');
      }
    };
    const onSocketError = (code: string) => {
      if (!NO_WAY.has(code) || probe.reach.answer !== 'none') return;
      isReachable = false;
      close();
    };
    const driver = new Driver({ machine: probe, sockets: [socket], onEvent, onSocketError });
    end.addEventListener('abort', close, { once: true });
    driver.start();
    if (end.aborted) close();
  });
}

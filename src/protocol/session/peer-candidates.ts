import type { Candidate } from '../candidate.ts';
import { decodeCandidates } from '../path/candidate-codec.ts';
import { admitCandidate } from '../path/candidate-filter.ts';
import { type Endpoint, isStream, sameEndpoint } from '../wire/endpoint.ts';
import { candidateContext, type MeetingPoint } from './meeting-point.ts';

/**
 * The addresses of the peer that are worth a check: the private ones out of its sealed box, and the
 * public one as the server saw it. What could make us send to a third party is left out.
 */
export function peerCandidates(box: Uint8Array, meeting: MeetingPoint): Candidate[] {
  const named = (decodeCandidates(box) ?? []).map((endpoint): Candidate => {
    return { kind: 'host', endpoint };
  });
  return [...seenCandidates(meeting), ...admitNamed(named, meeting)];
}

/** Where the server saw the peer when the two were introduced. */
export function seenCandidates(meeting: MeetingPoint): Candidate[] {
  const { peerPublic } = meeting;
  return peerPublic === undefined ? [] : admitSeen(peerPublic, meeting);
}

/** Those of the candidates that the peer itself named which are worth a check. */
export function admitNamed(named: readonly Candidate[], meeting: MeetingPoint): Candidate[] {
  return named
    .filter(({ endpoint }) => !isRelay(endpoint, meeting))
    .filter((candidate) => isAdmitted(candidate, meeting));
}

/** What the server says of where the peer is, if that is worth a check. */
export function admitSeen(endpoint: Endpoint, meeting: MeetingPoint): Candidate[] {
  return [publicCandidate(endpoint, meeting)].filter((one) => isAdmitted(one, meeting));
}

/**
 * Where the peer's router lets everybody in, as the peer says. Only the port is the peer's to choose:
 * the address is the one at which the server sees it.
 */
export function mappedCandidates(port: number, seen: Endpoint, meeting: MeetingPoint): Candidate[] {
  const { address } = seen;
  const isSeenByUdp = !isStream(seen) && !address.includes(':');
  const candidate: Candidate = { kind: 'mapped', endpoint: { address, port } };
  return isSeenByUdp && isAdmitted(candidate, meeting) ? [candidate] : [];
}

/** Who came to the server in our own process was seen by us: no NAT told of that address. */
function publicCandidate(endpoint: Endpoint, { server }: MeetingPoint): Candidate {
  return { kind: server === undefined ? 'host' : 'srflx', endpoint };
}

function isAdmitted({ endpoint }: Candidate, meeting: MeetingPoint): boolean {
  return admitCandidate(endpoint, candidateContext(meeting));
}

/** A relayed path must not pass for a direct one. A sender that is its own server is no relay. */
function isRelay(endpoint: Endpoint, { server, relays, peerPublic }: MeetingPoint): boolean {
  const known = server === undefined ? relays : [server, ...relays];
  if (!known.some((one) => sameEndpoint(endpoint, one))) return false;
  return peerPublic === undefined || !sameEndpoint(peerPublic, endpoint);
}

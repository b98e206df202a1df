import type { Candidate } from '../candidate.ts';
import { decodeCandidates } from '../path/candidate-codec.ts';
import { admitCandidate } from '../path/candidate-filter.ts';
import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import { candidateContext, type MeetingPoint } from './meeting-point.ts';

/**
 * The addresses of the peer that are worth a check: the private ones out of its sealed box, and the
 * public one as the server saw it. What could make us send to a third party is left out.
 */
export function peerCandidates(box: Uint8Array, meeting: MeetingPoint): Candidate[] {
  const context = candidateContext(meeting);
  const { server, peerPublic } = meeting;
  const named = (decodeCandidates(box) ?? []).filter((endpoint) => !isRelay(endpoint, meeting));
  const candidates = named.map((endpoint): Candidate => ({ kind: 'host', endpoint }));
  // Who came to the server in our own process was seen by us: no NAT told of that address.
  const kind = server === undefined ? 'host' : 'srflx';
  if (peerPublic !== undefined) candidates.push({ kind, endpoint: peerPublic });
  return candidates.filter(({ endpoint }) => admitCandidate(endpoint, context));
}

/** A relayed path must not pass for a direct one. A sender that is its own server is no relay. */
function isRelay(endpoint: Endpoint, { server, peerPublic }: MeetingPoint): boolean {
  if (server === undefined || !sameEndpoint(endpoint, server)) return false;
  return peerPublic === undefined || !sameEndpoint(peerPublic, server);
}

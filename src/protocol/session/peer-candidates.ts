import type { Candidate } from '../candidate.ts';
import { decodeCandidates } from '../path/candidate-codec.ts';
import { admitCandidate } from '../path/candidate-filter.ts';
import { candidateContext, type MeetingPoint } from './meeting-point.ts';

/**
 * The addresses of the peer that are worth a check: the private ones out of its sealed box, and the
 * public one as the server saw it. What could make us send to a third party is left out.
 */
export function peerCandidates(box: Uint8Array, meeting: MeetingPoint): Candidate[] {
  const context = candidateContext(meeting);
  const candidates = (decodeCandidates(box) ?? []).map(
    (endpoint): Candidate => ({ kind: 'host', endpoint }),
  );
  // Who came to the server in our own process was seen by us: no NAT told of that address.
  const kind = meeting.server === undefined ? 'host' : 'srflx';
  if (meeting.peerPublic !== undefined) candidates.push({ kind, endpoint: meeting.peerPublic });
  return candidates.filter(({ endpoint }) => admitCandidate(endpoint, context));
}

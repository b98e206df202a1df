import { addressClass } from '../path/address-class.ts';
import type { CandidateContext } from '../path/candidate-filter.ts';
import type { Endpoint } from '../wire/endpoint.ts';

/** An address of this machine and the size of the network it is in. */
export interface LocalInterface {
  readonly address: string;
  readonly prefixLength: number;
}

/** How the peers met, which decides what candidates may be believed. */
export interface MeetingPoint {
  /** Where the server answers; `undefined` for the one in our own process. */
  readonly server: Endpoint | undefined;
  /** All servers that were named: no path through one of them is direct. */
  readonly relays: readonly Endpoint[];
  /** Our address and the peer's, as the server saw them. */
  readonly ownPublic: Endpoint | undefined;
  readonly peerPublic: Endpoint | undefined;
  readonly interfaces: readonly LocalInterface[];
}

/** The context for `admitCandidate`: only who was met nearby may name addresses nearby. */
export function candidateContext(meeting: MeetingPoint): CandidateContext {
  const { server, ownPublic, peerPublic, interfaces } = meeting;
  const met = (server ?? peerPublic)?.address;
  return {
    loopbackAllowed: met !== undefined && addressClass(met) === 'loopback',
    lanAllowed: met !== undefined && addressClass(met) === 'local',
    samePublicAddress: ownPublic !== undefined && ownPublic.address === peerPublic?.address,
    interfaces,
  };
}

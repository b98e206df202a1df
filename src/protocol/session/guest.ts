import type { ErrorCode } from '../errors.ts';
import type { ReceiverHandshake } from '../handshake/receiver-handshake.ts';
import type { RendezvousGuest } from '../rendezvous/rendezvous-guest.ts';
import { after, type Instant, type Millis, millis } from '../time.ts';
import { sameBytes } from '../wire/bytes.ts';
import type { Endpoint } from '../wire/endpoint.ts';

/** A server at which the sender may be found. */
export interface Guest {
  readonly machine: RendezvousGuest;
  readonly server: Endpoint;
  readonly claimId: Uint8Array;
  /** Whether it was named, and not found on the local network: only then it may relay. */
  readonly isNamed: boolean;
  /** Our address and the sender's as this server sees them. */
  observed: Endpoint | undefined;
  peer: Endpoint | undefined;
  hello: Uint8Array | undefined;
  /** Whether it refuses us because our address begins too much. */
  isLimiting: boolean;
  /** Our try to prove the code here. */
  attempt: ProofAttempt | undefined;
  failure: ErrorCode | undefined;
}

/** One that has not been heard of. */
export function newGuest(parts: Pick<Guest, 'machine' | 'server' | 'claimId' | 'isNamed'>): Guest {
  return {
    ...parts,
    observed: undefined,
    peer: undefined,
    hello: undefined,
    isLimiting: false,
    attempt: undefined,
    failure: undefined,
  };
}

interface ProofAttempt {
  readonly handshake: ReceiverHandshake;
  readonly begunAt: Instant;
  /** When it was begun, or the sender last said that it has no place for us yet. */
  heardAt: Instant;
}

/** One at which the code is being proved. */
export type Proving = Guest & { readonly attempt: NonNullable<Guest['attempt']> };

/** Whether a named server has not said yet whom it knows. */
export function isSilent({ isNamed, hello, failure }: Guest): boolean {
  return isNamed && hello === undefined && failure === undefined;
}

/** Who shows the same hello is the same sender, at another of its addresses. */
export function isSameSender(one: Guest, other: Guest): boolean {
  return one.hello !== undefined && other.hello !== undefined && sameBytes(one.hello, other.hello);
}

/** Whether a sender itself has said what is wrong: more than a server that did not answer. */
export function isTelling(failure: ErrorCode | undefined): boolean {
  return failure !== undefined && TELLING.has(failure);
}

const TELLING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'P2P_CODE_MISMATCH',
  'P2P_CODE_USED',
  'P2P_CODE_BURNT',
  'P2P_VERSION_MISMATCH',
  'P2P_SENDER_OUTDATED',
  'P2P_RECEIVER_OUTDATED',
]);

/** Until when its sender is waited for. */
export function patienceEnd({ attempt }: Proving): Instant {
  return after(attempt.heardAt, PATIENCE);
}

/** Until when nobody else is tried. */
export function turnEnd({ attempt }: Proving): Instant {
  return after(attempt.begunAt, TURN);
}

/** A sender keeps a receiver waiting for 30 s where squatters hold all attempts; then it must come. */
const PATIENCE: Millis = millis(45_000);
/** Who has not proved itself by then lets the next one try as well; a handshake takes two round trips. */
const TURN: Millis = millis(3000);

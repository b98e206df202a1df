import type { SessionKeys } from '../session-keys.ts';
import type { Instant } from '../time.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { MeetingPoint } from './meeting-point.ts';

/** How the peer was met, and what was agreed on. */
export interface Acquaintance {
  readonly keys: SessionKeys;
  /** The plaintext of its sealed box. */
  readonly box: Uint8Array;
  readonly meeting: Omit<MeetingPoint, 'interfaces' | 'relays'>;
  /** The server at which the code was proved. */
  readonly passage: Passage;
}

/** A server that knows both sides: it passes on what one tells the other, and may relay. */
export interface Passage {
  /** `undefined` for the one in our own process, or that in the sender's, which relays nothing. */
  readonly server: Endpoint | undefined;
  /** Its endpoints, by any of which its relay may be reached. */
  readonly ways: readonly Endpoint[];
  /** Tells its relay where we are. */
  readonly bindRelay: (now: Instant) => void;
  /** Whether it has as many relays as it grants. */
  readonly isRelayBusy: () => boolean;
  /** Posts a body to the peer, once. */
  readonly post: (body: Uint8Array, now: Instant) => void;
}

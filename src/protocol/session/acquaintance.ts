import type { SessionKeys } from '../session-keys.ts';
import type { Instant } from '../time.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { MeetingPoint } from './meeting-point.ts';

/** How the peer was met, and what was agreed on. */
export interface Acquaintance {
  readonly keys: SessionKeys;
  /** The plaintext of its sealed box. */
  readonly box: Uint8Array;
  readonly meeting: Omit<MeetingPoint, 'interfaces'>;
  /** The server's endpoints, by any of which its relay may be reached. */
  readonly ways: readonly Endpoint[];
  /** Tells the server's relay where we are. */
  readonly bindRelay: (now: Instant) => void;
  /** Posts a body to the peer by way of the server, once. */
  readonly post: (body: Uint8Array, now: Instant) => void;
}

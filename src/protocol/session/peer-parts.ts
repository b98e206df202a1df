import type { Instant } from '../time.ts';
import type { ConnectionEvent } from '../transport/connection-event.ts';
import type { RecordSource } from '../transport/outgoing-records.ts';
import type { PeerLinkOptions } from './peer-link.ts';

/** What a session gives to a peer, and hears of it beside what it passes on as it is. */
export interface PeerParts {
  readonly role: PeerLinkOptions['role'];
  readonly source: RecordSource;
  readonly onRecord: (plaintext: Uint8Array) => void;
  readonly onClosed: (event: Extract<ConnectionEvent, { kind: 'closed' }>, now: Instant) => void;
}

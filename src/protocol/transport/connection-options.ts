import type { Crypto, Random } from '../ports.ts';
import type { SessionKeys } from '../session-keys.ts';
import type { Millis } from '../time.ts';
import type { CongestionController } from './congestion/congestion-controller.ts';
import type { CongestionName } from './congestion/controllers.ts';
import type { RecordSource } from './outgoing-records.ts';
import type { RateCap } from './rate-cap.ts';

export interface ConnectionOptions {
  readonly keys: SessionKeys;
  readonly crypto: Crypto;
  readonly random: Random;
  /** Where the plaintext of the next record comes from. */
  readonly source: RecordSource;
  /** Round-trip time measured by the handshake or a path check. */
  readonly rtt: Millis;
  readonly windowBytes?: number;
  readonly datagramBytes?: number;
  /** By its name, or one that is made already; BBR when absent. */
  readonly congestion?: CongestionName | CongestionController;
  /** Rates that are kept to, from when they are in the list; each may be shared with other connections. */
  readonly caps?: readonly RateCap[];
}

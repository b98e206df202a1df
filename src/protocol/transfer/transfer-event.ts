import type { ErrorCode } from '../errors.ts';
import type { Offer } from './entries/entry.ts';

/** A transfer ended badly; nothing follows. `detail` is for logs. */
export interface TransferFailed {
  readonly kind: 'failed';
  readonly code: ErrorCode;
  /** Who gave up: the peer told us, or we did (and the peer is told). */
  readonly by: 'peer' | 'self';
  readonly detail: string;
}

export type SenderEvent =
  /** `limit`: bytes a second that the receiver wants at most; `undefined` for as many as there are. */
  | { readonly kind: 'accepted'; readonly limit: number | undefined }
  /** The receiver does not want it; nothing follows. */
  | { readonly kind: 'declined'; readonly reason: ErrorCode }
  /** All data has been handed over; the receiver has still to write, check and publish it. */
  | { readonly kind: 'sent' }
  /** The receiver holds everything under its final name; nothing follows. */
  | { readonly kind: 'verified' }
  | TransferFailed;

export type ReceiverEvent =
  /** The whole offer is known and waits for `accept` or `decline`. */
  | { readonly kind: 'offer'; readonly offer: Offer; readonly chunkBytes: number }
  /**
   * All chunks are written and agree with the digests: time to sync, publish, `handlePublished`.
   * `omitted`: entries that the sender left out after all.
   */
  | { readonly kind: 'complete'; readonly omitted: readonly number[] }
  | TransferFailed;

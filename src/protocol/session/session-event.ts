import type { Path } from '../candidate.ts';
import type { ErrorCode } from '../errors.ts';
import type { Code } from '../handshake/code.ts';
import type { Instant } from '../time.ts';
import type { ChunkWrite, GroupWrite } from '../transfer/chunks/chunk-writes.ts';
import type { ReadChunk } from '../transfer/chunks/outgoing-chunk.ts';
import type { Offer } from '../transfer/entries/entry.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { Situation } from './signal.ts';
import type { StreamPunchEvent } from './stream-punch.ts';

/** What a session tells its shell, or asks of it (`read`, `write`, `released`, `complete`). */
export type SessionEvent =
  /** The sender can be found under this code; again when a restarted server made it another. */
  | { readonly kind: 'code'; readonly code: Code }
  /** A connection to the server is wanted: `addWay` or `endWay` says what became of it. */
  | { readonly kind: 'dial'; readonly server: Endpoint }
  /** A server lets our address begin no more for now, and is asked again. */
  | { readonly kind: 'rate-limited' }
  /** Receiver: it has let us in after all. */
  | { readonly kind: 'admitted' }
  | { readonly kind: 'wrong-code'; readonly used: number; readonly allowed: number }
  /** Receiver: the sender is there, serves others just now, and lets us wait. */
  | { readonly kind: 'queued' }
  /**
   * Receiver: the sender has proved that it knows the code; asks for `handleKept`. Until then nothing
   * is sent that shows the sender that we have begun: whoever is heard can meet again (32 bytes).
   * `isElsewhere`: a sender of several waits for us under the code of the reunion, and not here.
   */
  | { readonly kind: 'keep'; readonly resumeSecret: Uint8Array; readonly isElsewhere: boolean }
  /** Reception: somebody has proved the code, who will come to the reunion (32 bytes). */
  | { readonly kind: 'received'; readonly resumeSecret: Uint8Array }
  /**
   * The peer has proved that it knows the code. `verifier`: 8 bytes to compare. Sender: again when the
   * first one was not heard on any path, and another (the same, started again) took its place.
   */
  | { readonly kind: 'joined'; readonly verifier: Uint8Array; readonly resumeSecret: Uint8Array }
  /** The peer is heard on a path for the first time: to anybody else the code is used up. */
  | { readonly kind: 'heard' }
  | { readonly kind: 'path'; readonly path: Path }
  /** Asks for UDP sockets under these base numbers, on any port; answered by `handleBases`. */
  | { readonly kind: 'open-bases'; readonly bases: readonly number[] }
  /** These are not needed any more. */
  | { readonly kind: 'close-bases'; readonly bases: readonly number[] }
  /** Answered by `handleStream`, and again when what was opened is closed. */
  | Extract<StreamPunchEvent, { kind: 'anchor' | 'connect' }>
  /** What both sides know of themselves, each time that the peer has told something new. */
  | {
      readonly kind: 'situations';
      readonly own: Situation;
      readonly peer: Situation;
      /** The server sees either side by TCP only. */
      readonly isUdpBlocked: boolean;
    }
  /** Nothing has been heard of the peer since `since`; it is waited for until `until`. */
  | { readonly kind: 'missing'; readonly since: Instant; readonly until: Instant }
  /** It is heard again. */
  | { readonly kind: 'back' }
  /** Only individually sealed slices are taken for a while: somebody forges packets. */
  | { readonly kind: 'strict'; readonly active: boolean }
  /** Receiver: asks for `accept` or `decline`. */
  | { readonly kind: 'offer'; readonly offer: Offer; readonly chunkBytes: number }
  /** Sender: the receiver wants it. */
  | { readonly kind: 'accepted' }
  /** Sender: all data has been handed to the transport. */
  | { readonly kind: 'sent' }
  /** Sender: asks for a chunk (`ReadWish`); answered by `handleRead`, `omit` or `abort`. */
  | {
      readonly kind: 'read';
      readonly entry: number;
      readonly offset: number;
      readonly length: number;
      readonly mayBeShort: boolean;
    }
  /**
   * Sender: asks for chunks that were read to be compressed together, if that can be done well before
   * they would have left as they are, in `waitMs` (`CompressionWish`); answered by `handleCompressed`.
   */
  | {
      readonly kind: 'compress';
      readonly chunks: readonly ReadChunk[];
      readonly waitMs: number;
      readonly rate: number;
      readonly takesZstd: boolean;
    }
  /** Sender: a buffer given to `handleRead` is free again. */
  | { readonly kind: 'released'; readonly buffer: Uint8Array }
  /** Receiver: asks for a chunk to be written (`ChunkWrite`); answered by `handleWritten`. */
  | {
      readonly kind: 'write';
      readonly entry: number;
      readonly offset: number;
      readonly bytes: Uint8Array;
      readonly length: number;
      readonly copies: ChunkWrite['copies'];
      readonly isCompressed: boolean;
      readonly sum: bigint;
    }
  /** Receiver: asks for a group of files to be written (`GroupWrite`); `handleWritten` for each. */
  | {
      readonly kind: 'write-group';
      readonly files: GroupWrite['files'];
      readonly bytes: Uint8Array;
    }
  /**
   * Receiver: everything is written and verified, but for entries that were left out after all; asks for
   * `handlePublished`.
   */
  | { readonly kind: 'complete'; readonly omitted: readonly number[] }
  /**
   * Sender: the receiver has everything; asks for `handleForgotten`. What was kept to meet again is to
   * be forgotten first: a receiver that is dismissed is not there to be met any more.
   */
  | { readonly kind: 'verified' }
  /** Receiver: the sender knows that everything is here, and needs nobody any more. */
  | { readonly kind: 'dismissed' }
  /** It is done, on this side; nothing but goodbyes follows. */
  | { readonly kind: 'finished' }
  /** The goodbyes are said, after `finished` or `failed`: sockets may be closed. */
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly by: 'self' | 'peer';
      readonly detail: string;
    };

export type SessionFailure = Extract<SessionEvent, { kind: 'failed' }>;

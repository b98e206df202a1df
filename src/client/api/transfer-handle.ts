import type { ErrorCode } from '../../protocol/errors.ts';
import { P2PShareError } from '../../protocol/errors.ts';
import { EventQueue } from './event-queue.ts';
import type { PathKind, TransferEvent } from './events.ts';

/** How a transfer ended well. */
export interface TransferResult {
  /** The local paths at the top: what was read, or what was written; `-` for a stream. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** Of all that went over the network, as `DoneEvent` says. */
  readonly travelledBytes: number;
  readonly ms: number;
  readonly path: PathKind;
}

/**
 * A running transfer. It runs whether or not anybody reads its events; iterating (one reader)
 * ends after `done` or `error` and never throws, `result` rejects with a `P2PShareError`.
 */
export interface Transfer extends AsyncIterable<TransferEvent> {
  readonly result: Promise<TransferResult>;
}

/** The producing end of a `Transfer`: a bounded queue of events and the promise of a result. */
export class TransferHandle implements Transfer {
  readonly result: Promise<TransferResult>;
  #settle!: { resolve(result: TransferResult): void; reject(error: P2PShareError): void };
  readonly #queue = new EventQueue();
  #ended = false;
  #wake: (() => void) | undefined;

  constructor() {
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Who only reads events learns of the failure there; it must not end the process.
    this.result.catch(() => undefined);
  }

  /** Tells an event; a reader that is slow misses some of those that only say what is just now. */
  emit(event: TransferEvent): void {
    if (this.#ended) return;
    this.#queue.push(event);
    this.#wake?.();
  }

  /** Ends the transfer with `done`. Only the first ending counts. */
  succeed(result: TransferResult): void {
    const { bytes, travelledBytes, ms, path } = result;
    this.emit({ event: 'done', bytes, travelledBytes, ms, path });
    this.#ended = true;
    this.#settle.resolve(result);
  }

  /** Ends the transfer with `error`. What is no `P2PShareError` yet becomes one and stays its cause. */
  fail(cause: unknown): void {
    const error = asP2PShareError(cause);
    const { code, message, ticket, by } = error;
    this.emit({ event: 'error', code, message, ...(ticket && { ticket }), ...(by && { by }) });
    this.#ended = true;
    this.#settle.reject(error);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TransferEvent, void, undefined> {
    for (;;) {
      const events = this.#queue.take();
      if (events.length > 0) yield* events;
      else if (this.#ended) return;
      else await this.#nextEvent();
    }
  }

  #nextEvent(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function asP2PShareError(cause: unknown): P2PShareError {
  if (cause instanceof P2PShareError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new P2PShareError(codeOf(cause), message, { cause });
}

/** Errors of the system have codes such as ENOSPC; what has none is a bug of ours. */
function codeOf(cause: unknown): ErrorCode {
  // What `AbortSignal.throwIfAborted()` throws when nobody gave another reason.
  if (cause instanceof Error && cause.name === 'AbortError') return 'P2P_CANCELLED';
  const system = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (system === 'ENOSPC' || system === 'EDQUOT') return 'P2P_DISK_FULL';
  return typeof system === 'string' && /^E[A-Z0-9]+$/.test(system)
    ? 'P2P_LOCAL_IO'
    : 'P2P_PROTOCOL';
}

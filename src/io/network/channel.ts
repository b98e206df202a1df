import type { Transmit } from '../../protocol/machine.ts';
import type { Endpoint } from '../../protocol/wire/endpoint.ts';

/**
 * What one receive brought: a datagram, or several of one sender and one size. Never a `Buffer`,
 * whose `slice` copies nothing and whose `subarray` is slow (see `plain`).
 */
export type BatchHandler = (batch: Uint8Array, remote: Endpoint) => void;
/** An error code of the system (`EMSGSIZE`, …) and whom the send was meant for, if it was a send. */
export type SocketErrorHandler = (code: string, remote: Endpoint | undefined) => void;

/** Whoever feeds a channel stops here: enough to keep the kernel busy, little to wait behind. */
export const MAX_PENDING_SENDS = 64;

/**
 * What carries batches: a UDP socket, or a connection. No error throws and none is fatal: what
 * cannot be sent is reported to `onError` and counts as lost.
 */
export interface Channel {
  /** Sends that have not finished: the measure of backpressure. */
  readonly pending: number;
  /** Sends the batch, and calls `transmit.release` once when its bytes are no longer needed. */
  send(transmit: Transmit): void;
  /** Replaces the handler. `batch` is valid during the call; `remote` is not to be changed. */
  onBatch(handler: BatchHandler): void;
  /** Called when `pending`, having reached `MAX_PENDING_SENDS`, has halved. */
  onDrain(handler: () => void): void;
  onError(handler: SocketErrorHandler): void;
}

/** The same bytes in the same memory, without what Node's `Buffer` does otherwise than its parent. */
export function plain({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

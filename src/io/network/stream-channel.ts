import type { Transmit } from '../../protocol/machine.ts';
import type { Endpoint } from '../../protocol/wire/endpoint.ts';
import { type BatchHandler, type Channel, plain, type SocketErrorHandler } from './channel.ts';

/**
 * What a connection keeps of what its peer does not read. The transport keeps no more than two
 * bandwidth-delay products on their way (BBR), most of which the kernel takes: 8 full batches here
 * are a peer that does not read.
 */
const MAX_QUEUED_BYTES = 512 << 10;

/**
 * A connection that carries batches. TCP loses none, so the only loss is what is dropped here when
 * the peer reads too slowly.
 */
export abstract class StreamChannel implements Channel {
  /**
   * Nobody waits for a connection: one that stands still would hold up all others of the driver,
   * just when they are needed. It drops instead, as a router does whose queue is full.
   */
  readonly pending = 0;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  #received = 0;
  #dropped = 0;
  #onBatch: BatchHandler = () => undefined;
  #onError: SocketErrorHandler = () => undefined;
  #onClose: () => void = () => undefined;

  protected constructor(ends: { readonly remote: Endpoint; readonly local: Endpoint }) {
    this.remote = ends.remote;
    this.local = ends.local;
  }

  abstract get open(): boolean;

  /** Bytes that were written and that the kernel has not taken yet. */
  protected abstract get queuedBytes(): number;

  /** Writes a batch, and calls `done` when its bytes are not needed any more. */
  protected abstract write(batch: Uint8Array, done: () => void): void;

  /** Sends what is queued and a goodbye, and waits for the end of it, or for a second. */
  abstract close(): Promise<void>;

  /** Ends the connection at once. */
  abstract terminate(): void;

  /** Batches that have come. */
  get received(): number {
    return this.#received;
  }

  /** Batches that found the queue full. */
  get dropped(): number {
    return this.#dropped;
  }

  onBatch(handler: BatchHandler): void {
    this.#onBatch = handler;
  }

  /** Never called, since nobody waits. */
  onDrain(_handler: () => void): void {}

  onError(handler: SocketErrorHandler): void {
    this.#onError = handler;
  }

  /** Called once, when nothing comes or goes any more. */
  onClose(handler: () => void): void {
    this.#onClose = handler;
  }

  send({ payload, release }: Transmit): void {
    const hasRoom = this.queuedBytes + payload.length <= MAX_QUEUED_BYTES;
    if (!this.open || !hasRoom || payload.length === 0) {
      this.#dropped += hasRoom ? 0 : 1;
      release?.();
      return;
    }
    this.write(payload, () => release?.());
  }

  protected deliver(batch: Buffer): void {
    this.#received += 1;
    this.#onBatch(plain(batch), this.remote);
  }

  protected fail(error: NodeJS.ErrnoException): void {
    this.#onError(error.code ?? error.message, this.remote);
  }

  protected closed(): void {
    this.#onClose();
  }
}

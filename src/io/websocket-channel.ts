import type { WebSocket } from 'ws';
import type { Transmit } from '../protocol/machine.ts';
import type { Endpoint } from '../protocol/wire/endpoint.ts';
import { MAX_BATCH_BYTES } from '../protocol/wire/packet.ts';
import { type BatchHandler, type Channel, plain, type SocketErrorHandler } from './channel.ts';
import { MAX_QUEUED_BYTES } from './stream-queue.ts';

/** The name of what is spoken inside (RFC 6455 §1.9); whoever does not know it is nobody we want. */
export const SUBPROTOCOL = 'p2pshare';

/** What a WebSocket of ours bounds on either side, in the words of `ws`. */
export const WEBSOCKET_OPTIONS = {
  // One message is one batch, and a batch of sealed bytes does not compress.
  maxPayload: MAX_BATCH_BYTES,
  perMessageDeflate: false,
  // Nobody cuts a batch into more pieces than it has packets, and few proxies into any.
  maxFragments: 64,
  // The smallest segments that TCP is made of (RFC 9293 §3.7.1) need 122 for a message.
  maxBufferedChunks: 4096,
  // Who pings and does not read gets one answer, and no memory of ours.
  maxPendingAutoPongs: 1,
  // Who does not answer a goodbye is not waited for.
  closeTimeout: 1000,
} as const;

/** Status codes of RFC 6455 §7.4.1. */
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED = 1003;

/**
 * A WebSocket that carries batches: one binary message is one batch, whose packets say their own
 * length. TCP loses none, so the only loss is what is dropped here when the peer reads too slowly.
 */
export class WebSocketChannel implements Channel {
  /**
   * Nobody waits for a connection: one that stands still would hold up all others of the driver,
   * just when they are needed. It drops instead, as a router does whose queue is full.
   */
  readonly pending = 0;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly #socket: WebSocket;
  #received = 0;
  #dropped = 0;
  #onBatch: BatchHandler = () => undefined;
  #onError: SocketErrorHandler = () => undefined;
  #onClose: () => void = () => undefined;

  /** `socket` is open. */
  constructor(socket: WebSocket, ends: { readonly remote: Endpoint; readonly local: Endpoint }) {
    this.remote = ends.remote;
    this.local = ends.local;
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    socket.on('error', (error) => this.#onError(codeOf(error), this.remote));
    socket.on('close', () => this.#onClose());
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

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
    const hasRoom = this.#socket.bufferedAmount + payload.length <= MAX_QUEUED_BYTES;
    if (!this.open || !hasRoom || payload.length === 0) {
      this.#dropped += hasRoom ? 0 : 1;
      release?.();
      return;
    }
    this.#socket.send(payload, { binary: true }, () => release?.());
  }

  /** Sends what is queued and a goodbye, and waits for it to be answered, or for a second. */
  async close(): Promise<void> {
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.close(NORMAL_CLOSURE);
    await closed;
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.#socket.terminate();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (!this.open) return;
    if (!isBinary) this.#socket.close(UNSUPPORTED);
    else if (data.length > 0) {
      this.#received += 1;
      this.#onBatch(plain(data), this.remote);
    }
  }
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}

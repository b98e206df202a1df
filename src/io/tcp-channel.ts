import type { Socket } from 'node:net';
import type { Transmit } from '../protocol/machine.ts';
import type { Endpoint } from '../protocol/wire/endpoint.ts';
import { declaredLength, PREFIX_BYTES } from '../protocol/wire/packet.ts';
import { type BatchHandler, type Channel, plain, type SocketErrorHandler } from './channel.ts';
import { MAX_QUEUED_BYTES } from './stream-queue.ts';

/**
 * A bare TCP connection that carries packets one behind the other, each of the length that it says
 * itself. Like a `WebSocketChannel` it makes nobody wait, and drops what the peer does not read.
 */
export class TcpChannel implements Channel {
  readonly pending = 0;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly #socket: Socket;
  /** The beginning of a packet whose end has not come yet: less than the 64 KiB that one may have. */
  #rest: Buffer = Buffer.alloc(0);
  #dropped = 0;
  #onBatch: BatchHandler = () => undefined;
  #onError: SocketErrorHandler = () => undefined;
  #onClose: () => void = () => undefined;

  /** `socket` is connected. */
  constructor(socket: Socket, ends: { readonly remote: Endpoint; readonly local: Endpoint }) {
    this.remote = ends.remote;
    this.local = ends.local;
    this.#socket = socket;
    // A packet must not wait for the acknowledgement of the one before (RFC 1122 §4.2.3.4).
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => this.#receive(data));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#onError(error.code ?? error.message, this.remote);
    });
    // Half a connection carries no acknowledgements: it is of no use.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#onClose());
  }

  get open(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
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
    const hasRoom = this.#socket.writableLength + payload.length <= MAX_QUEUED_BYTES;
    if (!this.open || !hasRoom || payload.length === 0) {
      this.#dropped += hasRoom ? 0 : 1;
      release?.();
      return;
    }
    this.#socket.write(payload, () => release?.());
  }

  /** Sends what is queued, as far as the peer takes it within a second. */
  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    const patience = setTimeout(() => this.#socket.destroy(), GOODBYE_MS);
    this.#socket.end();
    await closed;
    clearTimeout(patience);
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.#socket.destroy();
  }

  #receive(data: Buffer): void {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    const end = endOfPackets(bytes);
    if (end === undefined) {
      // Nothing says any more where a packet begins: whoever this is, they do not speak with us.
      this.#socket.destroy();
      return;
    }
    // A copy, which lives on: the large buffer that it is the end of must not.
    this.#rest = Buffer.from(bytes.subarray(end));
    if (end > 0) this.#onBatch(plain(bytes.subarray(0, end)), this.remote);
  }
}

/** A goodbye that the peer does not answer is not waited for. */
const GOODBYE_MS = 1000;

/** Where the last whole packet ends; `undefined` when what stands there cannot begin one. */
function endOfPackets(bytes: Uint8Array): number | undefined {
  for (let end = 0; ; ) {
    const length = declaredLength(bytes, end);
    if (length === undefined) return end;
    if (length < PREFIX_BYTES) return undefined;
    if (end + length > bytes.length) return end;
    end += length;
  }
}

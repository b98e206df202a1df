import type { Socket } from 'node:net';
import type { Endpoint } from '../../protocol/wire/endpoint.ts';
import { declaredLength, PREFIX_BYTES } from '../../protocol/wire/packet.ts';
import { StreamChannel } from './stream-channel.ts';

/** A goodbye that the peer does not answer is not waited for. */
const GOODBYE_MS = 1000;

/** A bare TCP connection: packets one behind the other, each of the length that it says itself. */
export class TcpChannel extends StreamChannel {
  readonly #socket: Socket;
  /** The beginning of a packet whose end has not come yet: less than the 64 KiB that one may have. */
  #rest: Buffer = Buffer.alloc(0);

  /** `socket` is connected. */
  constructor(socket: Socket, ends: { readonly remote: Endpoint; readonly local: Endpoint }) {
    super(ends);
    this.#socket = socket;
    // A packet must not wait for the acknowledgement of the one before (RFC 1122 §4.2.3.4).
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => this.#receive(data));
    socket.on('error', (error) => this.fail(error));
    // Half a connection carries no acknowledgements: it is of no use.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.closed());
  }

  get open(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    const patience = setTimeout(() => this.#socket.destroy(), GOODBYE_MS);
    this.#socket.end();
    await closed;
    clearTimeout(patience);
  }

  terminate(): void {
    this.#socket.destroy();
  }

  protected get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  protected write(batch: Uint8Array, done: () => void): void {
    this.#socket.write(batch, done);
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
    if (end > 0) this.deliver(bytes.subarray(0, end));
  }
}

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

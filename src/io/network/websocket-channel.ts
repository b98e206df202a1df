import type { WebSocket } from 'ws';
import type { Endpoint } from '../../protocol/wire/endpoint.ts';
import { MAX_BATCH_BYTES } from '../../protocol/wire/packet.ts';
import { StreamChannel } from './stream-channel.ts';

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

/** A WebSocket that carries batches: one binary message is one batch, whose packets say their own length. */
export class WebSocketChannel extends StreamChannel {
  readonly #socket: WebSocket;

  /** `socket` is open. */
  constructor(socket: WebSocket, ends: { readonly remote: Endpoint; readonly local: Endpoint }) {
    super(ends);
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.closed());
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.close(NORMAL_CLOSURE);
    await closed;
  }

  terminate(): void {
    this.#socket.terminate();
  }

  protected get queuedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  protected write(batch: Uint8Array, done: () => void): void {
    this.#socket.send(batch, { binary: true }, done);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (!this.open) return;
    if (!isBinary) this.#socket.close(UNSUPPORTED);
    else if (data.length > 0) this.deliver(data);
  }
}

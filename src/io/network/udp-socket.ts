import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Transmit } from '../../protocol/machine.ts';
import { canonicalAddress, type Endpoint } from '../../protocol/wire/endpoint.ts';
import { BASE_DATAGRAM_BYTES } from '../../protocol/wire/packet.ts';
import {
  type BatchHandler,
  type Channel,
  MAX_PENDING_SENDS,
  plain,
  type SocketErrorHandler,
} from './channel.ts';
import { BUFFER_BYTES, growBuffers } from './udp-buffers.ts';
import { type KernelSocket, udpOffload } from './udp-offload.ts';
import { Send } from './udp-socket-send.ts';

export interface UdpSocketOptions {
  readonly family: 'udp4' | 'udp6';
  /** Numeric; every address of the family by default. */
  readonly address?: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  readonly reuseAddress?: boolean;
}

/**
 * Opens a bound UDP socket, with segmentation and receive offload where this machine has them.
 * Rejects with the system's error (`EADDRINUSE`, `EACCES`, `EAFNOSUPPORT`, …).
 */
export async function openUdpSocket(options: UdpSocketOptions): Promise<UdpSocket> {
  const { family, port = 0, reuseAddress = false } = options;
  const address = options.address ?? (family === 'udp4' ? '0.0.0.0' : '::');
  const offload = address.includes('%') ? undefined : await udpOffload();
  const kernel = offload?.open({ family, address, port, reuseAddress, bufferBytes: BUFFER_BYTES });
  const socket = createSocket({
    type: family,
    reuseAddr: reuseAddress,
    ipv6Only: family === 'udp6',
    // Addresses are numeric, so a send can and must leave in the call, not on a later tick.
    lookup: (host, _options, done) => done(null, host, family === 'udp4' ? 4 : 6),
  });
  await bind(socket, kernel, address, port);
  if (kernel)
    kernel.setReuseAddress(reuseAddress); // libuv turns it on for adopted descriptors.
  else growBuffers(socket);
  return new UdpSocket(socket, family, kernel);
}

/** A UDP socket that sends and receives batches. */
export class UdpSocket implements Channel {
  readonly family: 'udp4' | 'udp6';
  readonly address: Endpoint;
  readonly #socket: Socket;
  readonly #kernel: KernelSocket | undefined;
  /** Whether one send may carry a whole batch; goes from true to false at most once. */
  #segmenting: boolean;
  #segmentSize = 0;
  #dontFragment = false;
  #ttl = DEFAULT_TTL;
  #outstanding = 0;
  #blocked = false;
  #closed = false;
  /** Sends that need other socket options than those still queued in libuv, which they wait for. */
  readonly #backlog: Send[] = [];
  /** Finished sends, kept for the next ones. */
  readonly #idle: Send[] = [];
  readonly #ended = (send: Send, error: Error | null): void =>
    this.#endCall(send, error === null ? undefined : codeOf(error));
  #onDrain: () => void = () => undefined;
  #onError: SocketErrorHandler = () => undefined;

  constructor(socket: Socket, family: 'udp4' | 'udp6', kernel: KernelSocket | undefined) {
    const { address, port } = socket.address();
    this.family = family;
    this.address = { address, port };
    this.#socket = socket;
    this.#kernel = kernel;
    this.#segmenting = kernel !== undefined;
    socket.on('error', (error) => this.#onError(codeOf(error), undefined));
  }

  /** Whether a batch leaves in one system call. */
  get segmenting(): boolean {
    return this.#segmenting;
  }

  /** Whether datagrams that are too large for the path get lost, as they must for its MTU to be found. */
  get forbidsFragments(): boolean {
    return this.#kernel !== undefined;
  }

  get pending(): number {
    return this.#outstanding + this.#backlog.length;
  }

  onBatch(handler: BatchHandler): void {
    this.#socket.removeAllListeners('message');
    this.#socket.on('message', (batch, remote) => {
      if (remote.address.startsWith('::ffff:')) remote.address = canonicalAddress(remote.address);
      handler(plain(batch), remote);
      this.#receiveMore(handler);
    });
  }

  /** Where one batch is there are mostly more, and here they come cheaper than by an event each. */
  #receiveMore(handler: BatchHandler): void {
    if (this.#kernel === undefined) return;
    for (let more = 0; more < MAX_MORE && !this.#closed; more += 1) {
      const arrival = this.#kernel.receive();
      if (arrival === undefined) return;
      handler(arrival.batch, arrival.remote);
    }
  }

  onDrain(handler: () => void): void {
    this.#onDrain = handler;
  }

  onError(handler: SocketErrorHandler): void {
    this.#onError = handler;
  }

  send(transmit: Transmit): void {
    if (this.#closed || transmit.payload.length === 0) {
      transmit.release?.();
      return;
    }
    const send = this.#idle.pop() ?? new Send(this.#ended);
    send.begin(transmit, this.#segmenting ? 'whole' : 'pieces');
    this.#start(send);
    if (this.pending >= MAX_PENDING_SENDS) this.#blocked = true;
  }

  /** Closes the socket. Sends that are still queued are dropped and released. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    for (const send of this.#backlog.splice(0)) send.transmit?.release?.();
    await closed;
  }

  #start(send: Send): void {
    if (this.#backlog.length > 0 || !this.#configure(send)) this.#backlog.push(send);
    else this.#call(send);
  }

  /**
   * Sets the socket options that this send needs; false when sends queued before it still need the
   * present ones (libuv makes the system call only when the kernel has room).
   */
  #configure(send: Send): boolean {
    const ttl = send.transmit?.ttl ?? DEFAULT_TTL;
    if (ttl !== this.#ttl) {
      if (this.#socket.getSendQueueCount() > 0) return false;
      this.#socket.setTTL(ttl);
      this.#ttl = ttl;
    }
    return this.#kernel === undefined || this.#configureOffload(send, this.#kernel);
  }

  #configureOffload(send: Send, kernel: KernelSocket): boolean {
    const segmentSize = send.segmentOption(this.#segmentSize);
    const dontFragment = send.mode !== 'fragments' && send.datagramBytes > BASE_DATAGRAM_BYTES;
    if (segmentSize === this.#segmentSize && dontFragment === this.#dontFragment) return true;
    if (this.#socket.getSendQueueCount() > 0) return false;
    if (dontFragment !== this.#dontFragment) kernel.setDontFragment(dontFragment);
    this.#dontFragment = dontFragment;
    if (segmentSize === this.#segmentSize || kernel.setSegmentSize(segmentSize)) {
      this.#segmentSize = segmentSize;
    } else {
      this.#segmenting = false;
      send.mode = 'pieces';
    }
    return true;
  }

  #call(send: Send): void {
    const { payload, segmentSize } = send.transmit as Transmit;
    const step = send.mode === 'whole' ? payload.length : segmentSize;
    // One more than its calls, so that it is not over before the last of them is made.
    this.#count(send, 1);
    for (let start = 0; start < payload.length; start += step) {
      const length = Math.min(step, payload.length - start);
      this.#count(send, 1);
      if (!this.#sendNow(send, start, length)) this.#sendLater(send, start, length);
    }
    this.#count(send, -1);
    this.#settle(send);
  }

  /** Whether the system has taken the datagrams or refused them; not when it has no room now. */
  #sendNow(send: Send, start: number, length: number): boolean {
    // Not past others that wait.
    if (this.#kernel === undefined || this.#socket.getSendQueueCount() > 0) return false;
    const { payload, remote } = send.transmit as Transmit;
    const bytes = length === payload.length ? payload : payload.subarray(start, start + length);
    const outcome = this.#kernel.send(bytes, remote);
    if (outcome === 'later') return false;
    this.#endCall(send, outcome === 'sent' ? undefined : outcome);
    return true;
  }

  #sendLater(send: Send, start: number, length: number): void {
    const { payload, remote } = send.transmit as Transmit;
    try {
      this.#socket.send(payload, start, length, remote.port, remote.address, send.done);
    } catch (error) {
      // Port 0 and the like. Every other error comes on a later tick: so does this one.
      process.nextTick(send.done, error);
    }
  }

  #count(send: Send, calls: number): void {
    send.outstanding += calls;
    this.#outstanding += calls;
  }

  #endCall(send: Send, code: string | undefined): void {
    this.#count(send, -1);
    if (code !== undefined && !this.#closed) this.#handleError(send, code);
    // In pieces it works, so it was the offload that did not.
    else if (send.refused) this.#segmenting = false;
    this.#settle(send);
  }

  /** Ends the send with the last of its calls, and goes on with what waits behind it. */
  #settle(send: Send): void {
    if (send.outstanding === 0 && !this.#backlog.includes(send)) this.#finish(send);
    this.#flushBacklog();
    if (this.#blocked && this.pending <= MAX_PENDING_SENDS / 2) {
      this.#blocked = false;
      this.#onDrain();
    }
  }

  #handleError(send: Send, code: string): void {
    const { payload, segmentSize, remote } = send.transmit as Transmit;
    const batch = payload.length > segmentSize;
    const retry =
      send.mode === 'whole' &&
      (batch || this.#segmentSize > 0) &&
      (code === 'EMSGSIZE' || OFFLOAD_ERRORS.has(code));
    if (!retry || (batch && code === 'EMSGSIZE')) this.#onError(code, remote);
    if (!retry) return;
    // A batch too large for the path still gets there in fragments, while the machine adapts.
    send.mode = batch && code === 'EMSGSIZE' ? 'fragments' : 'pieces';
    send.refused = batch && code !== 'EMSGSIZE';
    this.#start(send);
  }

  #flushBacklog(): void {
    let next = this.#backlog[0];
    while (next && this.#configure(next)) {
      this.#backlog.shift();
      this.#call(next);
      next = this.#backlog[0];
    }
  }

  #finish(send: Send): void {
    const { release } = send.transmit as Transmit;
    send.transmit = undefined;
    this.#idle.push(send);
    release?.();
  }
}

// Old kernels, and devices without checksum offload (EIO), refuse UDP_SEGMENT in the send itself.
const OFFLOAD_ERRORS = new Set(['EIO', 'EINVAL', 'ENOPROTOOPT', 'EOPNOTSUPP']);

/** What is taken beside each batch that libuv brings, of which it brings 32 before anything else runs. */
const MAX_MORE = 7;

/** What systems send with by themselves (RFC 1700 recommends 64). */
const DEFAULT_TTL = 64;

async function bind(
  socket: Socket,
  kernel: KernelSocket | undefined,
  address: string,
  port: number,
): Promise<void> {
  const listening = once(socket, 'listening');
  try {
    if (kernel) socket.bind({ fd: kernel.fd });
    else socket.bind({ address, port });
    await listening;
  } catch (error) {
    listening.catch(() => undefined);
    kernel?.close();
    socket.close();
    throw error;
  }
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}

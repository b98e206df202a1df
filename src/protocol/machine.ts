import type { Instant } from './time.ts';
import type { Endpoint } from './wire/endpoint.ts';

/**
 * One batch of datagrams for one remote: `payload` is cut into datagrams of `segmentSize` bytes,
 * the last of which may be shorter. This is what one GSO send takes (design: at most 64 segments
 * and 65,000 bytes).
 */
export interface Transmit {
  readonly remote: Endpoint;
  readonly payload: Uint8Array;
  readonly segmentSize: number;
  /**
   * How many hops it may take (RFC 791 §3.2, time to live), where it is not meant to arrive: it
   * opens the NATs on our side and dies before those of the peer. A single datagram.
   */
  readonly ttl?: number;
  /**
   * Called exactly once by whoever sent the batch, when the bytes are no longer needed; until then
   * the machine leaves `payload` alone. Absent where the machine does not reuse the memory.
   */
  readonly release?: () => void;
}

/**
 * The contract of every machine in the protocol: mutate (`handle…`), then drain `pollTransmit` and
 * `pollEvent` until both yield `undefined`, then sleep until `pollTimeout` or the next input.
 *
 * A machine reads no clock, owns no timer and opens no socket. Bad input never throws: it is
 * dropped and counted.
 */
export interface Machine<Event> {
  /**
   * Takes what one receive brought: one datagram, or several of one sender that the kernel
   * coalesced (every packet says its own length, see `wire/packet.ts`). `batch` belongs to the
   * caller and is only valid during the call: a machine copies what it keeps, and may overwrite
   * the batch.
   */
  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void;
  /** Tells that `pollTimeout` has been reached. Calling it early is harmless. */
  handleTimeout(now: Instant): void;
  pollTransmit(now: Instant): Transmit | undefined;
  pollEvent(): Event | undefined;
  /** When `handleTimeout` wants to be called next; `undefined` for never. */
  pollTimeout(): Instant | undefined;
}

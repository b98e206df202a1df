import type { Transmit } from '../machine.ts';
import type { Crypto } from '../ports.ts';
import type { Instant } from '../time.ts';
import { type Endpoint, isStream } from '../wire/endpoint.ts';
import {
  CONNECTION_ID_BYTES,
  hasConnectionId,
  isSessionType,
  MAX_BATCH_BYTES,
  MAX_BATCH_SEGMENTS,
  packetLength,
  packetType,
} from '../wire/packet.ts';
import { Allocations, type Binding, type BindOutcome } from './allocations.ts';
import { BatchPool } from './batch-pool.ts';
import { isPublicAddress } from './public-address.ts';
import type { RelayLimits } from './relay-limits.ts';

/** What a relay did, in packets and bytes since it started. */
export interface RelayCounters {
  packets: number;
  bytes: number;
  /** Packets from nobody bound, or with a connection id that is not the other side's. */
  droppedStrangers: number;
  /** Packets that came faster than the driver sends. */
  droppedFull: number;
}

/**
 * Copies sealed packets between the two bound addresses of one pair, unchanged and unread: the
 * only question is where from and which connection id. Works on whole batches, since a packet by
 * itself costs thirty times as much (design §3).
 */
export class RelayServer {
  readonly counters: RelayCounters = { packets: 0, bytes: 0, droppedStrangers: 0, droppedFull: 0 };
  readonly #limits: RelayLimits;
  readonly #allowPrivate: boolean;
  readonly #allocations: Allocations;
  readonly #pool: BatchPool;
  readonly #transmits: Transmit[] = [];

  constructor(options: { limits: RelayLimits; allowPrivate: boolean; equal: Crypto['equal'] }) {
    this.#limits = options.limits;
    this.#allowPrivate = options.allowPrivate;
    this.#allocations = new Allocations(options.limits, options.equal);
    this.#pool = new BatchPool(options.limits.pooledBuffers);
  }

  /** Live allocations. */
  get size(): number {
    return this.#allocations.size;
  }

  bind(binding: Binding, now: Instant): BindOutcome {
    if (!this.#allowPrivate && !isHarmless(binding.remote)) return 'refused';
    return this.#allocations.bind(binding, now);
  }

  release(key: string): void {
    this.#allocations.release(key);
  }

  sweep(now: Instant): void {
    this.#allocations.sweep(now);
  }

  /**
   * Forwards the run of packets that begins at `offset`: one connection id, one size, of which
   * only the last may be shorter. Yields where the run ends.
   */
  forward(batch: Uint8Array, offset: number, source: Endpoint, now: Instant): number {
    const run = findRun(batch, offset);
    const remote = this.#allocations.route(batch, offset, source, now);
    if (!remote) this.counters.droppedStrangers += run.packets;
    else if (this.#transmits.length >= this.#limits.queuedBatches) {
      this.counters.droppedFull += run.packets;
    } else {
      const copy = this.#pool.copy(batch.subarray(offset, run.end));
      this.#transmits.push({ remote, segmentSize: packetLength(batch, offset), ...copy });
      this.counters.packets += run.packets;
      this.counters.bytes += run.end - offset;
    }
    return run.end;
  }

  pollTransmit(): Transmit | undefined {
    return this.#transmits.shift();
  }
}

/** A connection is its client's own work: it reaches into no network of ours, whatever is in between. */
function isHarmless(remote: Endpoint): boolean {
  return isStream(remote) || isPublicAddress(remote.address);
}

function findRun(batch: Uint8Array, start: number): { end: number; packets: number } {
  const id = batch.subarray(start, start + CONNECTION_ID_BYTES);
  const size = packetLength(batch, start);
  let end = start + size;
  let packets = 1;
  let length = size;
  // A shorter packet ends a run: behind it the kernel could not cut at equal distances.
  while (length === size && packets < MAX_BATCH_SEGMENTS) {
    length = packetLength(batch, end);
    const fits = length > 0 && length <= size && end + length - start <= MAX_BATCH_BYTES;
    if (!fits || !isSessionType(packetType(batch, end)) || !hasConnectionId(batch, end, id)) break;
    end += length;
    packets += 1;
  }
  return { end, packets };
}

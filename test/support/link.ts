import { after, type Instant, millis } from '../../src/protocol/time.ts';
import type { EventQueue, EventTarget, SimulatedEvent } from './event-queue.ts';
import type { BurstLoss, LinkOptions } from './link-options.ts';
import { PACKET_OVERHEAD_BYTES, type Packet, type Sink } from './packet.ts';
import { ReorderBuffer } from './reorder-buffer.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What nearly every path of the internet carries. */
const ETHERNET_MTU = 1500;
// Counted in packets alone, a burst would cut off a peer that sends one every two seconds for half
// a minute; what is broken for longer than this is a blackout.
const BURST_LASTS = millis(1000);

/** How many packets met each fate. `delivered` counts copies too. */
export interface LinkCounters {
  offered: number;
  delivered: number;
  /** Bytes on the wire that the link carried, headers and later losses included. */
  carriedBytes: number;
  blackedOut: number;
  tooLarge: number;
  queueFull: number;
  lost: number;
  lostInBurst: number;
  corrupted: number;
  duplicated: number;
  reordered: number;
}

/**
 * One direction of a line: a drop-tail queue in front of a serialiser, then a wire with its faults.
 * The order is: blackout, MTU, queue, loss, corruption, delay and jitter, reordering, duplication.
 * What is lost has taken its share of the rate, as on a radio link.
 */
export class Link implements EventTarget {
  readonly counters: LinkCounters = noCounts();
  readonly #queue: EventQueue;
  readonly #sink: Sink;
  readonly #origin: Instant;
  readonly #streams: Streams;
  #options: LinkOptions = {};
  #reorder: ReorderBuffer | undefined;
  #bytesPerMilli = 0;
  #queueBytes = 0;
  #idleAt: Instant;
  #latest: Instant;
  #inBurst = false;
  #burstEnds: Instant;

  constructor(queue: EventQueue, sink: Sink, options: LinkOptions, random: SeededRandom) {
    this.#queue = queue;
    this.#sink = sink;
    this.#streams = streams(random);
    this.#origin = queue.now;
    this.#idleAt = queue.now;
    this.#latest = queue.now;
    this.#burstEnds = queue.now;
    this.change(options);
  }

  get options(): LinkOptions {
    return this.#options;
  }

  /** From now on the line has these properties; what is under way is not touched. */
  change(options: LinkOptions): void {
    const { rate = 0, reorder } = options;
    this.#options = options;
    this.#bytesPerMilli = rate / 8000;
    // A tenth of a second is a usual buffer of an access router; two full packets are the least.
    this.#queueBytes = options.queue ?? Math.max(3000, this.#bytesPerMilli * 100);
    this.#reorder = reorder && new ReorderBuffer(this.#queue, this, reorder, this.#streams.reorder);
  }

  /** How long what comes now would wait in the queue, in milliseconds. */
  waitingMs(now: Instant): number {
    return Math.max(0, this.#idleAt - now);
  }

  /** Takes a packet at its near end. */
  send(packet: Packet, now: Instant): void {
    this.counters.offered += 1;
    const departure = this.#serialise(packet, now);
    if (departure === undefined || this.#loses(now)) return;
    const { delay = 0, corrupt = 0 } = this.#options;
    const spoilt = corrupt > 0 && this.#streams.corrupt.chance(corrupt);
    this.#arrive(spoilt ? this.#flipBit(packet) : packet, after(departure, millis(delay)));
  }

  /** A packet has reached the far end. */
  fire(event: SimulatedEvent, now: Instant): void {
    if (event.packet === undefined) return;
    this.counters.delivered += 1;
    this.#sink.accept(event.packet, now);
  }

  /** When the last bit of the packet leaves, or `undefined` if it never enters the wire. */
  #serialise(packet: Packet, now: Instant): Instant | undefined {
    const size = packet.payload.length + PACKET_OVERHEAD_BYTES;
    if (this.#isBlackedOut(now)) return drop(this.counters, 'blackedOut');
    const { mtu = ETHERNET_MTU } = this.#options;
    if (size > mtu) return drop(this.counters, 'tooLarge');
    const rate = this.#bytesPerMilli;
    if (rate > 0) {
      const start = this.#idleAt > now ? this.#idleAt : now;
      const waiting = (start - now) * rate;
      if (waiting > 0 && waiting + size > this.#queueBytes) return drop(this.counters, 'queueFull');
      this.#idleAt = (start + size / rate) as Instant;
    }
    this.counters.carriedBytes += size;
    return rate > 0 ? this.#idleAt : now;
  }

  #isBlackedOut(now: Instant): boolean {
    const { blackouts } = this.#options;
    if (blackouts === undefined) return false;
    const elapsed = now - this.#origin;
    return blackouts.some(([from, to]) => from <= elapsed && elapsed < to);
  }

  #loses(now: Instant): boolean {
    const { loss = 0, burst } = this.#options;
    if (burst !== undefined && this.#burstTakes(burst, now)) {
      this.counters.lostInBurst += 1;
      return true;
    }
    if (loss === 0 || !this.#streams.loss.chance(loss)) return false;
    this.counters.lost += 1;
    return true;
  }

  // Gilbert's model: a packet has the fate of the state it meets; then the state may change.
  #burstTakes({ enter, leave }: BurstLoss, now: Instant): boolean {
    const taken = this.#inBurst && now < this.#burstEnds;
    const changes = this.#streams.burst.chance(taken ? leave : enter);
    this.#inBurst = taken !== changes;
    if (!taken && changes) this.#burstEnds = after(now, BURST_LASTS);
    return taken;
  }

  #flipBit(packet: Packet): Packet {
    if (packet.payload.length === 0) return packet;
    this.counters.corrupted += 1;
    const payload = new Uint8Array(packet.payload);
    const bit = this.#streams.corrupt.integer(payload.length * 8);
    payload[bit >> 3] = (payload[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return { from: packet.from, to: packet.to, payload };
  }

  #arrive(packet: Packet, earliest: Instant): void {
    const { jitter = 0, duplicate = 0 } = this.#options;
    const wobble = jitter > 0 ? jitter * this.#streams.jitter.uniform() : 0;
    // Jitter comes from queues, and queues keep the order; disorder is an option of its own.
    const at = Math.max(earliest + wobble, this.#latest) as Instant;
    this.#latest = at;
    if (this.#reorder === undefined) this.#queue.schedule(at, this, packet);
    else if (this.#reorder.send(packet, at)) this.counters.reordered += 1;
    if (duplicate > 0 && this.#streams.duplicate.chance(duplicate)) this.#repeat(packet, at);
  }

  #repeat(packet: Packet, at: Instant): void {
    this.counters.duplicated += 1;
    const { duplicateSpread = 10 } = this.#options;
    const later = millis(duplicateSpread * this.#streams.duplicate.uniform());
    this.#queue.schedule(after(at, later), this, packet);
  }
}

/** A stream for each fault, so that switching one on or off leaves the others where they were. */
type Streams = Record<
  'loss' | 'burst' | 'corrupt' | 'jitter' | 'duplicate' | 'reorder',
  SeededRandom
>;

function streams(random: SeededRandom): Streams {
  return {
    loss: random.fork('loss'),
    burst: random.fork('burst'),
    corrupt: random.fork('corrupt'),
    jitter: random.fork('jitter'),
    duplicate: random.fork('duplicate'),
    reorder: random.fork('reorder'),
  };
}

function drop(counters: LinkCounters, cause: 'blackedOut' | 'tooLarge' | 'queueFull'): undefined {
  counters[cause] += 1;
}

function noCounts(): LinkCounters {
  return {
    offered: 0,
    delivered: 0,
    carriedBytes: 0,
    blackedOut: 0,
    tooLarge: 0,
    queueFull: 0,
    lost: 0,
    lostInBurst: 0,
    corrupted: 0,
    duplicated: 0,
    reordered: 0,
  };
}

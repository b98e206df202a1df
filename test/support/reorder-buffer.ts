import { after, type Instant, type Millis, millis } from '../../src/protocol/time.ts';
import type { EventQueue, EventTarget, SimulatedEvent } from './event-queue.ts';
import type { Reorder } from './link-options.ts';
import type { Packet } from './packet.ts';
import type { SeededRandom } from './seeded-random.ts';

const DEFAULT_HOLD: Millis = millis(100);

interface Held {
  /** The arrival if too few packets follow. */
  readonly fallback: SimulatedEvent;
  /** How many later packets are still to overtake. */
  overtakers: number;
}

/** Holds some packets of a link back until others have overtaken them. */
export class ReorderBuffer {
  readonly #queue: EventQueue;
  readonly #target: EventTarget;
  readonly #options: Reorder;
  readonly #random: SeededRandom;
  #held: Held[] = [];

  constructor(queue: EventQueue, target: EventTarget, options: Reorder, random: SeededRandom) {
    this.#queue = queue;
    this.#target = target;
    this.#options = options;
    this.#random = random;
  }

  /** Schedules the packet for `at` or, says true, for later. */
  send(packet: Packet, at: Instant): boolean {
    const { chance, depth, delay = DEFAULT_HOLD } = this.#options;
    const isHeld = this.#random.chance(chance);
    const event = this.#queue.schedule(isHeld ? after(at, delay) : at, this.#target, packet);
    // Every later packet counts, held or not: so nobody is overtaken by more than `depth`.
    if (this.#held.length > 0) this.#overtake(at);
    if (isHeld && depth !== undefined) {
      this.#held.push({ fallback: event, overtakers: 1 + this.#random.integer(depth) });
    }
    return isHeld;
  }

  #overtake(at: Instant): void {
    for (const held of this.#held) {
      held.overtakers -= 1;
      if (held.overtakers === 0) this.#release(held, at);
    }
    this.#held = this.#held.filter(
      ({ overtakers, fallback }) => overtakers > 0 && fallback.packet !== undefined,
    );
  }

  #release({ fallback }: Held, at: Instant): void {
    const { packet } = fallback;
    if (packet === undefined || fallback.at <= at) return;
    fallback.packet = undefined;
    this.#queue.schedule(at, this.#target, packet);
  }
}

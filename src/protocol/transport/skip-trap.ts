import type { Random } from '../ports.ts';
import type { Instant } from '../time.ts';
import { PacketState, type SentPackets } from './sent-packets.ts';

/** About one number in so many is skipped at first, then ever fewer. */
const FIRST_SPAN = 500;

/**
 * Skips a packet number now and then (RFC 9000 §21.4): who acknowledges it acknowledges without
 * receiving, to make us send faster than the path can carry.
 */
export class SkipTrap {
  readonly #random: Random;
  #span = FIRST_SPAN;
  #next: number;

  constructor(random: Random) {
    this.#random = random;
    this.#next = FIRST_SPAN + random.integer(FIRST_SPAN);
  }

  /** To be called between batches: within one, numbers are consecutive. */
  maybeSkip(packets: SentPackets, now: Instant): void {
    if (packets.next < this.#next) return;
    packets.push(PacketState.skipped, 1, now);
    this.#span *= 2;
    this.#next = packets.next + this.#span + this.#random.integer(this.#span);
  }
}

import { millis } from '../../../src/protocol/time.ts';
import { DATA_HEADER_BYTES } from '../../../src/protocol/transport/data-packet.ts';
import { PacketType, TYPE_OFFSET } from '../../../src/protocol/wire/packet.ts';
import type { Tap, TapVerdict } from '../../support/network.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { Simulation } from '../../support/simulator.ts';

/**
 * An attacker on the path who can copy and inject, but not hold packets back: of some packets that
 * carry slices, a copy with the same header and another payload overtakes the genuine one.
 */
export class Forger {
  /** Share of packets that are forged; 0 ends the attack. */
  chance: number;
  /** Copies injected, and slices seen in the open and sealed by themselves. */
  readonly counters = { forged: 0, plain: 0, sealed: 0 };
  /** The attacker's way is faster than that of the genuine packets by this much. */
  leadMs = 0;
  readonly #sim: Simulation;
  readonly #random: SeededRandom;

  constructor(sim: Simulation, chance: number) {
    this.#sim = sim;
    this.chance = chance;
    this.#random = sim.random.fork('forger');
    sim.tap(this.#tap);
  }

  readonly #tap: Tap = ({ from, to, payload }): TapVerdict => {
    const type = payload[TYPE_OFFSET];
    if (type !== PacketType.data && type !== PacketType.sealedData) return 'pass';
    if (type === PacketType.data) this.counters.plain += 1;
    else this.counters.sealed += 1;
    if (!this.#random.chance(this.chance)) return 'pass';
    this.counters.forged += 1;
    const copy = new Uint8Array(payload);
    copy.fill(0x66, DATA_HEADER_BYTES);
    if (this.leadMs === 0) return [copy, payload];
    const genuine = { from, to, payload: new Uint8Array(payload) };
    this.#sim.after(millis(this.leadMs), () => this.#sim.inject(genuine));
    return copy;
  };
}

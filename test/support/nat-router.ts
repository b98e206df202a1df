import type { Instant } from '../../src/protocol/time.ts';
import type { LinePair, LinkOptions } from './link-options.ts';
import type { Nat } from './nat.ts';
import type { Packet, Sink } from './packet.ts';
import { connect, type Line, type World } from './world.ts';

/** How many packets a NAT refused, by cause. */
export interface NatCounters {
  outbound: number;
  inbound: number;
  hairpinned: number;
  /** From outside, and no mapping or no permission. */
  filtered: number;
  /** From inside, and no room in the table. */
  tableFull: number;
  /** From inside to the public address, and no hairpinning. */
  hairpinRefused: number;
}

/** The box between a private network (`inside`) and the network around it. */
export class NatRouter implements Sink {
  readonly nat: Nat;
  readonly line: Line;
  readonly counters: NatCounters = {
    outbound: 0,
    inbound: 0,
    hairpinned: 0,
    filtered: 0,
    tableFull: 0,
    hairpinRefused: 0,
  };
  readonly #inside: Sink;

  constructor(
    world: World,
    name: string,
    nat: Nat,
    sides: { readonly inside: Sink; readonly outside: Sink },
    options: LinePair & { readonly standard: LinkOptions },
  ) {
    this.nat = nat;
    this.#inside = sides.inside;
    this.line = connect(world, name, { node: this, network: sides.outside }, options);
  }

  /** A packet has come in on the public side. */
  accept(packet: Packet, now: Instant): void {
    if (this.#admit(packet, now)) this.counters.inbound += 1;
  }

  /** A packet from inside that is for none of the hosts there. */
  leave(packet: Packet, now: Instant): void {
    const isHairpin = packet.to.address === this.nat.address;
    if (isHairpin && this.nat.options.hairpin !== true) {
      this.counters.hairpinRefused += 1;
      return;
    }
    const from = this.nat.outbound(packet.from, packet.to, now);
    if (from === undefined) {
      this.counters.tableFull += 1;
      return;
    }
    const translated = { ...packet, from };
    if (!isHairpin) {
      this.counters.outbound += 1;
      this.line.up.send(translated, now);
    } else if (this.#admit(translated, now)) {
      // RFC 4787 REQ-9 a: the receiver sees the sender's external endpoint, as this one is.
      this.counters.hairpinned += 1;
    }
  }

  #admit(packet: Packet, now: Instant): boolean {
    const to = this.nat.inbound(packet.to.port, packet.from, now);
    if (to === undefined) {
      this.counters.filtered += 1;
      return false;
    }
    this.#inside.accept({ ...packet, to }, now);
    return true;
  }
}

import { BASE_DATAGRAM_BYTES } from '../wire/packet.ts';
import { PacketState, type SentPackets } from './sent-packets.ts';

/**
 * Datagram sizes worth asking for, each the payload of a link's MTU under IPv6 (40 bytes) and UDP
 * (8): Ethernet and jumbo frames; and for a peer on this machine four slices to a record, and one.
 * Between them there is little to gain, since a batch costs the same whatever its packets measure.
 */
const LADDER = [1452, 8952, 16_000, 64_960] as const;
/** RFC 8899 §5.1.2: MAX_PROBES is 3; the loss of two probes of one size is no accident either. */
const MAX_PROBES = 2;
/** A short transfer is over before a probe could pay. */
const MIN_PACKETS = 100;
/** A path that swallows large packets again and again is left alone. */
const MAX_BLACK_HOLES = 3;

/** Packetization-layer path MTU discovery (RFC 8899): one probe at a time, upwards from the base. */
export class MtuDiscovery {
  readonly #base: number;
  #bytes: number;
  #rung = 0;
  #failures = 0;
  #blackHoles = 0;
  #probe: number | undefined;
  #start = 0;

  /** `base`: a size that needs no probe; sizes up to it are never asked for. */
  constructor(base: number = BASE_DATAGRAM_BYTES) {
    this.#base = base;
    this.#bytes = base;
  }

  /** Datagrams up to this size reach the peer. */
  get datagramBytes(): number {
    return this.#bytes;
  }

  /** The size of the probe that should be sent now. */
  wanted(packets: SentPackets): number | undefined {
    while ((LADDER[this.#rung] ?? Infinity) <= this.#base) this.#rung += 1;
    const size = LADDER[this.#rung];
    const early = packets.next - this.#start < MIN_PACKETS;
    return this.#probe !== undefined || early ? undefined : size;
  }

  onProbeSent(packetNumber: number): void {
    this.#probe = packetNumber;
  }

  /** Looks what has become of the probe. True if larger datagrams may be sent from now on. */
  settle(packets: SentPackets): boolean {
    if (this.#probe === undefined) return false;
    const state = packets.has(this.#probe) ? packets.stateOf(this.#probe) : PacketState.lost;
    if (state === PacketState.inFlight) return false;
    this.#probe = undefined;
    if (state === PacketState.acked) {
      this.#bytes = LADDER[this.#rung] ?? this.#bytes;
      this.#rung += 1;
      this.#failures = 0;
      return true;
    }
    this.#failures += 1;
    if (this.#failures >= MAX_PROBES) this.#rung = LADDER.length;
    return false;
  }

  /** RFC 8899 §4.3: nothing large comes through any more. True if the size has to go back. */
  onBlackHole(packets: SentPackets): boolean {
    if (this.#bytes === this.#base) return false;
    this.#blackHoles += 1;
    this.#restart(packets);
    if (this.#blackHoles >= MAX_BLACK_HOLES) this.#rung = LADDER.length;
    return true;
  }

  /** Another path, of which nothing is known yet. True if the size has to go back. */
  onPathChange(packets: SentPackets): boolean {
    const changed = this.#bytes !== this.#base;
    this.#blackHoles = 0;
    this.#restart(packets);
    return changed;
  }

  #restart(packets: SentPackets): void {
    this.#bytes = this.#base;
    this.#rung = 0;
    this.#failures = 0;
    this.#probe = undefined;
    this.#start = packets.next;
  }
}

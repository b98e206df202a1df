import type { Instant } from '../time.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import type { AckTracker } from './ack-tracker.ts';
import { Closing } from './closing.ts';
import { writeAck, writeClose, writePadding, writePing } from './frame.ts';
import type { IncomingRecords } from './incoming-records.ts';
import { CONTROL_OVERHEAD_BYTES, type PacketSealer } from './packet-sealer.ts';
import type { Recovery } from './recovery.ts';
import { PacketState } from './sent-packets.ts';
import type { StrictMode } from './strict-mode.ts';

interface ControlParts {
  readonly acks: AckTracker;
  readonly incoming: IncomingRecords;
  readonly strict: StrictMode;
  readonly recovery: Recovery;
  readonly sealer: PacketSealer;
}

/** Makes the control packets that are due: an ACK, a ping, or the CLOSE and nothing else. */
export class ControlSender {
  readonly #parts: ControlParts;
  #pingWanted = false;
  #closing: Closing | undefined;
  #draining = false;
  #owesAnswer = false;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  requestPing(): void {
    this.#pingWanted = true;
  }

  close(code: number, reason: string): void {
    if (this.#closing === undefined) this.#closing = new Closing(code, reason);
    else this.#closing.repeat();
  }

  /** Whether the peer has closed. */
  get isDraining(): boolean {
    return this.#draining;
  }

  /**
   * The peer has closed: nothing more is said (RFC 9000 §10.2.2), but for one CLOSE of ours, by which
   * the peer learns that it need not stay and repeat its own. Had we closed before, the peer's may be
   * that answer, and has none.
   */
  drain(): void {
    this.#owesAnswer = this.#closing === undefined;
    this.#draining = true;
  }

  /** An authentic packet came in: if we have closed, the peer may not know. */
  onPeerTalking(now: Instant): void {
    this.#closing?.onPeerStillTalking(now);
  }

  poll(now: Instant): Uint8Array | undefined {
    if (this.#closing !== undefined) return this.#pollClose(this.#closing, now);
    if (this.#draining) return undefined;
    const due = this.#parts.acks.deadline;
    if (!this.#pingWanted && (due === undefined || due > now)) return undefined;
    const frames = new ByteWriter();
    this.#writeAck(frames, now);
    if (this.#pingWanted) writePing(frames);
    const packetNumber = this.#nextNumber(this.#pingWanted, now);
    this.#pingWanted = false;
    return this.#parts.sealer.sealControl(packetNumber, frames.view());
  }

  /** A control packet of `size` bytes that asks for an ACK, and its number (RFC 8899 §4.1). */
  mtuProbe(size: number, now: Instant): { packet: Uint8Array; packetNumber: number } {
    const frames = new ByteWriter(size);
    writePing(frames);
    writePadding(frames, size - CONTROL_OVERHEAD_BYTES - frames.length);
    const packetNumber = this.#nextNumber(true, now);
    return { packet: this.#parts.sealer.sealControl(packetNumber, frames.view()), packetNumber };
  }

  #pollClose(closing: Closing, now: Instant): Uint8Array | undefined {
    if (this.#draining && !this.#owesAnswer) return undefined;
    if (this.#parts.recovery.packets.room === 0 || !closing.take(now)) return undefined;
    this.#owesAnswer = false;
    const frames = new ByteWriter();
    writeClose(frames, closing.code, closing.reason);
    return this.#parts.sealer.sealControl(this.#nextNumber(false, now), frames.view());
  }

  #writeAck(frames: ByteWriter, now: Instant): void {
    const { acks, incoming, strict } = this.#parts;
    const { credit, rejected } = incoming;
    writeAck(frames, {
      delayMicros: acks.delayMicros(now),
      credit,
      strict: strict.active,
      received: acks.received,
      rejected,
    });
    acks.onAckSent(credit, now);
  }

  #nextNumber(elicitsAck: boolean, now: Instant): number {
    const { recovery } = this.#parts;
    if (elicitsAck) return recovery.onPingSent(now);
    return recovery.packets.push(PacketState.untracked, 1, now);
  }
}

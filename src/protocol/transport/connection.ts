import type { Transmit } from '../machine.ts';
import type { Crypto, Random } from '../ports.ts';
import type { SessionKeys } from '../session-keys.ts';
import { earliest, type Instant, instant, type Millis, millis } from '../time.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { BASE_DATAGRAM_BYTES, MAX_BATCH_SEGMENTS } from '../wire/packet.ts';
import { AckTracker, MAX_ACK_DELAY } from './ack-tracker.ts';
import { BatchBuilder } from './batch-builder.ts';
import { Bbr } from './bbr.ts';
import type { CongestionController } from './congestion-controller.ts';
import { ControlSender } from './control-sender.ts';
import { HeaderAuthenticator, MAX_PACKET_NUMBER } from './data-packet.ts';
import type { AckFrame, Frame } from './frame.ts';
import { IncomingRecords } from './incoming-records.ts';
import { OutgoingRecords, type RecordSource } from './outgoing-records.ts';
import { PacketReceiver } from './packet-receiver.ts';
import { PacketSealer, SEALED_DATA_OVERHEAD_BYTES } from './packet-sealer.ts';
import { RecordCipher } from './record-cipher.ts';
import { Recovery } from './recovery.ts';
import { RttEstimator } from './rtt-estimator.ts';
import { SendGate } from './send-gate.ts';
import { SkipTrap } from './skip-trap.ts';
import { StrictMode } from './strict-mode.ts';

/** Bytes of records that may be in flight towards us: 1.3 Gbit/s over 100 ms. */
const DEFAULT_WINDOW_BYTES = 16 * 2 ** 20;
/** RFC 9002 §6.2.4: a probe timeout sends at most two datagrams. */
const PROBE_PACKETS = 2;
/** Sealed slices that make no record are the peer's own doing: a bug, or malice. */
const MAX_BROKEN_RECORDS = 8;
/** How often a sender without credit asks for it. */
const BLOCKED_PROBE: Millis = millis(500);

/** Close codes of the transport itself; the session above uses the numbers from 16 on. */
export const CloseCode = { none: 0, protocolViolation: 1 } as const;

export type ConnectionEvent =
  | { readonly kind: 'record'; readonly plaintext: Uint8Array }
  | { readonly kind: 'strict'; readonly active: boolean }
  | {
      readonly kind: 'closed';
      readonly by: 'self' | 'peer';
      readonly code: number;
      readonly reason: string;
    };

export interface ConnectionOptions {
  readonly keys: SessionKeys;
  readonly crypto: Crypto;
  readonly random: Random;
  /** Where the plaintext of the next record comes from. */
  readonly source: RecordSource;
  /** Round-trip time measured by the handshake or a path check. */
  readonly rtt: Millis;
  readonly windowBytes?: number;
  readonly datagramBytes?: number;
  readonly congestion?: CongestionController;
}

/**
 * The reliable transport of a session: records in, records out, over whatever path it is given.
 *
 * This class only composes: what is received goes to `PacketReceiver`, acknowledgements to
 * `Recovery`, what is to be sent comes from `BatchBuilder`.
 */
export class Connection {
  readonly #recovery: Recovery;
  readonly #gate: SendGate;
  readonly #outgoing: OutgoingRecords;
  readonly #incoming: IncomingRecords;
  readonly #acks = new AckTracker();
  readonly #strict = new StrictMode();
  readonly #builder: BatchBuilder;
  readonly #receiver: PacketReceiver;
  readonly #control: ControlSender;
  readonly #skipTrap: SkipTrap;
  readonly #events: ConnectionEvent[] = [];
  readonly #datagramBytes: number;
  #remote: Endpoint | undefined;
  #brokenRecords = 0;
  #blockedSince: Instant | undefined;
  #closed = false;

  constructor(options: ConnectionOptions, now: Instant) {
    const { keys, crypto, random } = options;
    const packetBytes = options.datagramBytes ?? BASE_DATAGRAM_BYTES;
    this.#datagramBytes = packetBytes;
    const congestion =
      options.congestion ?? new Bbr({ random, packetBytes, rtt: options.rtt }, now);
    this.#gate = new SendGate(congestion, packetBytes, now);
    const { send, receive, suite } = keys;
    const outgoing = new OutgoingRecords(
      new RecordCipher(crypto, suite, send.record),
      options.source,
      packetBytes,
    );
    this.#outgoing = outgoing;
    this.#incoming = new IncomingRecords(
      new RecordCipher(crypto, suite, receive.record),
      options.windowBytes ?? DEFAULT_WINDOW_BYTES,
    );
    this.#recovery = new Recovery({
      rtt: new RttEstimator(options.rtt),
      congestion,
      onSliceAcked: (record, at, length, number) => outgoing.onAcked(record, at, length, number),
      onSliceLost: (record, offset, length) => outgoing.onLost(record, offset, length),
    });
    const sealer = new PacketSealer(crypto, suite, send.control, send.connectionId);
    this.#control = new ControlSender({
      acks: this.#acks,
      incoming: this.#incoming,
      strict: this.#strict,
      recovery: this.#recovery,
      sealer,
    });
    this.#builder = new BatchBuilder({
      records: outgoing,
      recovery: this.#recovery,
      header: new HeaderAuthenticator(crypto.blockCipher(send.header)),
      sealer,
      connectionId: send.connectionId,
    });
    this.#receiver = new PacketReceiver({
      header: new HeaderAuthenticator(crypto.blockCipher(receive.header)),
      sealer: new PacketSealer(crypto, suite, receive.control, receive.connectionId),
      connectionId: receive.connectionId,
      incoming: this.#incoming,
      acks: this.#acks,
    });
    this.#skipTrap = new SkipTrap(random);
  }

  /** Plaintext bytes that fit into one record. */
  get maxPlaintext(): number {
    return this.#outgoing.maxPlaintext;
  }

  /** Records sent and not acknowledged yet. */
  get unacknowledged(): number {
    return this.#outgoing.open;
  }

  /** Why packets were dropped, how many slices were sent, lost and lost by mistake. */
  get counters(): Readonly<Record<string, number>> {
    return { ...this.#receiver.counters, ...this.#recovery.counters };
  }

  /** Sends to `remote` from now on. What was learnt of another path is forgotten. */
  usePath(remote: Endpoint, rtt: Millis, now: Instant): void {
    if (this.#remote !== undefined) this.#recovery.onPathChange(rtt, now);
    this.#remote = remote;
  }

  /** Takes a batch of packets of this connection. True if any of them was authentic. */
  handleBatch(batch: Uint8Array, now: Instant): boolean {
    const rtt = this.#recovery.rtt.smoothed;
    const received = this.#receiver.handleBatch(batch, { strict: this.#strict.active, rtt, now });
    for (const frame of received.frames) this.#onFrame(frame, now);
    if (received.failedRecords > 0) this.#onFailedRecord(now);
    // The ACK that announced strict mode or asked for a record again may be lost: say it again, at
    // most once a round trip.
    const unaware = received.withheld || (received.plain && this.#strict.active);
    if (unaware) this.#acks.requestAgain(rtt, now);
    if (received.brokenRecords > 0) this.#onBrokenRecords(received.brokenRecords, now);
    if (received.authentic) this.#control.onPeerTalking(now);
    if (received.malformed) this.#violation('malformed frame');
    if (this.#recovery.isExhausted) this.#violation('acknowledged nothing for too long');
    this.#collectRecords();
    return received.authentic;
  }

  handleTimeout(now: Instant): void {
    if (this.#strict.handleTimeout(now)) this.#events.push({ kind: 'strict', active: false });
    if (this.#recovery.handleTimeout(now)) this.#onProbeTimeout();
    if (this.#blockedSince !== undefined && now - this.#blockedSince >= BLOCKED_PROBE) {
      this.#control.requestPing();
      this.#blockedSince = now;
    }
  }

  pollTransmit(now: Instant): Transmit | undefined {
    const remote = this.#remote;
    if (remote === undefined) return undefined;
    // Having found nothing to send, `#pollData` may have asked for a ping.
    const batch = this.#pollControl(now) ?? this.#pollData(now) ?? this.#pollControl(now);
    return batch && { remote, ...batch };
  }

  pollEvent(): ConnectionEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    if (this.#closed || this.#remote === undefined) return undefined;
    const blocked =
      this.#blockedSince === undefined ? undefined : instant(this.#blockedSince + BLOCKED_PROBE);
    return earliest(
      this.#recovery.deadline,
      this.#acks.deadline,
      this.#gate.deadline,
      this.#strict.deadline,
      blocked,
    );
  }

  /** The application is done with so many bytes of record plaintext: they may be sent anew. */
  release(bytes: number, now: Instant): void {
    if (this.#incoming.release(bytes)) this.#acks.onCreditGrown(this.#incoming.credit, now);
  }

  /** Tells the peer that it is over, at each call. Nothing but the CLOSE leaves from here on. */
  close(code: number, reason: string): void {
    this.#control.close(code, reason);
    this.#closed = true;
  }

  #pollControl(now: Instant): Omit<Transmit, 'remote'> | undefined {
    const payload = this.#control.poll(now);
    return payload && { payload, segmentSize: payload.length };
  }

  #pollData(now: Instant): Omit<Transmit, 'remote'> | undefined {
    const { packets } = this.#recovery;
    if (this.#closed || packets.room < 2 * MAX_BATCH_SEGMENTS) return undefined;
    if (packets.next > MAX_PACKET_NUMBER) return undefined;
    const allowance = this.#gate.allowance(this.#recovery.inFlight, now);
    if (allowance === 0) return undefined;
    this.#skipTrap.maybeSkip(packets, now);
    const batch = this.#builder.next(allowance, now);
    if (batch === undefined) return this.#onNothingToSend(now);
    this.#blockedSince = undefined;
    this.#gate.onSent(batch.payload.length, Math.ceil(batch.payload.length / batch.segmentSize));
    return batch;
  }

  #onNothingToSend(now: Instant): undefined {
    if (this.#gate.isProbing) {
      this.#gate.allowProbes(0);
      this.#control.requestPing();
    }
    if (this.#outgoing.isBlocked) this.#blockedSince ??= now;
    else this.#recovery.rate.onAppLimited(this.#recovery.inFlight);
    return undefined;
  }

  #onProbeTimeout(): void {
    this.#gate.allowProbes(PROBE_PACKETS);
    this.#recovery.oldestInFlight(PROBE_PACKETS, (record, offset, length) =>
      this.#outgoing.onLost(record, offset, length),
    );
  }

  #onFrame(frame: Frame, now: Instant): void {
    if (frame.kind === 'ack') this.#onAck(frame, now);
    if (frame.kind === 'close') this.#control.drain();
    if (frame.kind === 'close' && !this.#closed) {
      this.#closed = true;
      this.#events.push({ kind: 'closed', by: 'peer', code: frame.code, reason: frame.reason });
    }
  }

  #onAck(ack: AckFrame, now: Instant): void {
    const delay = millis(Math.min(ack.delayMicros / 1000, 2 * MAX_ACK_DELAY));
    if (!this.#recovery.onAck(ack.received, delay, now)) {
      this.#violation('acknowledged a packet that was never sent');
      return;
    }
    this.#outgoing.onCredit(ack.credit);
    this.#setSendStrict(ack.strict);
    const { next } = this.#recovery.packets;
    for (const one of ack.rejected) this.#outgoing.onRejected(one.record, one.attempt, next);
  }

  #setSendStrict(strict: boolean): void {
    if (strict === this.#builder.strict) return;
    this.#builder.strict = strict;
    if (strict) this.#outgoing.limitSlices(this.#datagramBytes - SEALED_DATA_OVERHEAD_BYTES);
    else this.#outgoing.unlimitSlices();
  }

  #onFailedRecord(now: Instant): void {
    if (this.#strict.onFailedRecord(now)) this.#events.push({ kind: 'strict', active: true });
    this.#acks.requestNow(now);
  }

  #onBrokenRecords(count: number, now: Instant): void {
    this.#brokenRecords += count;
    this.#acks.requestNow(now);
    if (this.#brokenRecords >= MAX_BROKEN_RECORDS) this.#violation('sealed slices make no record');
  }

  #collectRecords(): void {
    for (let next = this.#incoming.poll(); next !== undefined; next = this.#incoming.poll()) {
      this.#events.push({ kind: 'record', plaintext: next });
    }
  }

  #violation(reason: string): void {
    if (this.#closed) return;
    this.close(CloseCode.protocolViolation, reason);
    this.#events.push({ kind: 'closed', by: 'self', code: CloseCode.protocolViolation, reason });
  }
}

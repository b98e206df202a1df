import type { Transmit } from '../machine.ts';
import { earliest, type Instant, type Millis, millis } from '../time.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { BASE_DATAGRAM_BYTES, MAX_BATCH_SEGMENTS } from '../wire/packet.ts';
import { AckTracker, MAX_ACK_DELAY } from './ack-tracker.ts';
import { BatchBuilder } from './batch-builder.ts';
import { createController } from './congestion/controllers.ts';
import { RttEstimator } from './congestion/rtt-estimator.ts';
import { CloseCode, type ConnectionEvent } from './connection-event.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { ControlSender } from './control-sender.ts';
import { CreditWait } from './credit-wait.ts';
import { HeaderAuthenticator, MAX_PACKET_NUMBER } from './data-packet.ts';
import type { AckFrame, Frame } from './frame.ts';
import { IncomingRecords } from './incoming-records.ts';
import { MtuDiscovery } from './mtu-discovery.ts';
import { OutgoingRecords } from './outgoing-records.ts';
import { PacketReceiver } from './packet-receiver.ts';
import { PacketSealer } from './packet-sealer.ts';
import { receiveWindow } from './receive-window.ts';
import { RecordCipher } from './record-cipher.ts';
import { Recovery } from './recovery.ts';
import { SendGate } from './send-gate.ts';
import { SkipTrap } from './skip-trap.ts';
import { StrictMode } from './strict-mode.ts';
import { addressed, alone, type Batch } from './transmit-batch.ts';

/** RFC 9002 §6.2.4: a probe timeout sends at most two datagrams. */
const PROBE_PACKETS = 2;
/** Sealed slices that make no record are the peer's own doing: a bug, or malice. */
const MAX_BROKEN_RECORDS = 8;

/**
 * The reliable transport of a session: records in, records out, over whatever path it is given. It
 * only composes: what is received goes to `PacketReceiver`, acknowledgements to `Recovery`, what is
 * to be sent comes from `BatchBuilder`.
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
  readonly #creditWait = new CreditWait();
  readonly #events: ConnectionEvent[] = [];
  readonly #mtu: MtuDiscovery;
  /** Whether the window may grow. */
  readonly #growsWindow: boolean;
  #remote: Endpoint | undefined;
  #brokenRecords = 0;
  #closed = false;

  constructor(options: ConnectionOptions, now: Instant) {
    const { keys, crypto, random, rtt, caps = [], congestion: wanted = 'bbr' } = options;
    const packetBytes = options.datagramBytes ?? BASE_DATAGRAM_BYTES;
    this.#mtu = new MtuDiscovery(packetBytes);
    this.#growsWindow = options.windowBytes === undefined;
    const congestion =
      typeof wanted === 'string'
        ? createController(wanted, { random, packetBytes, rtt }, now)
        : wanted;
    this.#gate = new SendGate({ congestion, packetBytes, caps }, now);
    const { send, receive, suite } = keys;
    const outgoing = new OutgoingRecords(
      new RecordCipher(crypto, suite, send.record),
      options.source,
      packetBytes,
    );
    this.#outgoing = outgoing;
    this.#incoming = new IncomingRecords(
      new RecordCipher(crypto, suite, receive.record),
      options.windowBytes ?? receiveWindow(millis(0)),
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

  /** Records sent and not acknowledged yet. */
  get unacknowledged(): number {
    return this.#outgoing.open;
  }

  /** Why packets were dropped, how many slices were sent, lost and lost by mistake. */
  get counters(): Readonly<Record<string, number>> {
    return { ...this.#receiver.counters, ...this.#recovery.counters };
  }

  /** Bytes of records that have come, or that the peer has acknowledged: it moves, however slowly. */
  get movedBytes(): number {
    return this.#incoming.receivedBytes + this.#recovery.rate.delivered;
  }

  /** Bytes per millisecond that may leave in the long run. */
  get sendingRate(): number {
    return this.#gate.rate;
  }

  /** Largest datagram that the path is known to carry. */
  get datagramBytes(): number {
    return this.#mtu.datagramBytes;
  }

  /** Sends to `remote` from now on. What was learnt of another path is forgotten. */
  usePath(remote: Endpoint, rtt: Millis, now: Instant): void {
    if (this.#remote !== undefined) this.#recovery.onPathChange(rtt, now);
    if (this.#mtu.onPathChange(this.#recovery.packets)) this.#recut();
    this.#remote = remote;
    if (this.#growsWindow) this.#incoming.growWindow(receiveWindow(rtt));
  }

  /** Takes a batch of packets of this connection. True if any of them was authentic. */
  handleBatch(batch: Uint8Array, now: Instant): boolean {
    const rtt = this.#recovery.rtt.smoothed;
    const received = this.#receiver.handleBatch(batch, { strict: this.#strict.active, rtt, now });
    for (const frame of received.frames) this.#onFrame(frame, now);
    if (received.failedRecords > 0) this.#onFailedRecord(now);
    // The ACK that announced strict mode or asked for a record again may be lost.
    const unaware = received.withheld || (received.plain && this.#strict.active);
    if (unaware) this.#acks.requestAgain(rtt, now);
    if (received.brokenRecords > 0) this.#onBrokenRecords(received.brokenRecords, now);
    if (received.authentic) this.#control.onPeerTalking(now);
    if (received.malformed) this.#violation('malformed frame');
    if (this.#recovery.isExhausted) this.#violation('acknowledged nothing for too long');
    return received.authentic;
  }

  handleTimeout(now: Instant): void {
    if (this.#strict.handleTimeout(now)) this.#events.push({ kind: 'strict', active: false });
    if (this.#recovery.handleTimeout(now)) this.#onProbeTimeout();
    if (this.#creditWait.handleTimeout(now)) this.#control.requestPing();
  }

  pollTransmit(now: Instant): Transmit | undefined {
    const remote = this.#remote;
    if (remote === undefined) return undefined;
    // Having found nothing to send, `#pollData` may have asked for a ping.
    const batch =
      alone(this.#control.poll(now)) ??
      this.#pollMtuProbe(now) ??
      this.#pollData(now) ??
      alone(this.#control.poll(now));
    return batch && addressed(batch, remote);
  }

  /** The plaintext of a record is valid until the next call. */
  pollEvent(): ConnectionEvent | undefined {
    return this.#events.shift() ?? this.#nextRecord();
  }

  pollTimeout(): Instant | undefined {
    if (this.#closed || this.#remote === undefined) return undefined;
    return earliest(
      this.#recovery.deadline,
      this.#acks.deadline,
      this.#gate.deadline,
      this.#strict.deadline,
      this.#creditWait.deadline,
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

  #pollMtuProbe(now: Instant): Batch | undefined {
    const size = this.#closed ? undefined : this.#mtu.wanted(this.#recovery.packets);
    if (size === undefined) return undefined;
    const { packet, packetNumber } = this.#control.mtuProbe(size, now);
    this.#mtu.onProbeSent(packetNumber);
    return alone(packet);
  }

  #pollData(now: Instant): Batch | undefined {
    const { packets } = this.#recovery;
    if (this.#closed || packets.room < 2 * MAX_BATCH_SEGMENTS) return undefined;
    if (packets.next > MAX_PACKET_NUMBER) return undefined;
    const allowance = this.#gate.allowance(this.#recovery.inFlight, now);
    if (allowance === 0) {
      // What is measured now is the cap, and says nothing of the path.
      if (this.#gate.isCapped) this.#recovery.rate.onAppLimited(this.#recovery.inFlight);
      return undefined;
    }
    this.#skipTrap.maybeSkip(packets, now);
    const batch = this.#builder.next(allowance, now);
    if (batch === undefined) return this.#onNothingToSend(now);
    this.#creditWait.end();
    this.#gate.onSent(batch.payload.length, Math.ceil(batch.payload.length / batch.segmentSize));
    return batch;
  }

  #onNothingToSend(now: Instant): undefined {
    if (this.#gate.isProbing) {
      this.#gate.allowProbes(0);
      this.#control.requestPing();
    }
    if (this.#outgoing.isBlocked) this.#creditWait.begin(now);
    else this.#recovery.rate.onAppLimited(this.#recovery.inFlight);
    return undefined;
  }

  #onProbeTimeout(): void {
    // One probe timeout is bad luck; after two, large packets may be what does not come through.
    const { packets, starvedProbes } = this.#recovery;
    if (starvedProbes >= 2 && this.#mtu.onBlackHole(packets)) this.#recut();
    this.#gate.allowProbes(PROBE_PACKETS);
    this.#recovery.oldestInFlight(PROBE_PACKETS, (record, offset, length) =>
      this.#outgoing.onLost(record, offset, length),
    );
  }

  #onFrame(frame: Frame, now: Instant): void {
    if (frame.kind === 'ack') this.#onAck(frame, now);
    // Said again, it tells nothing new.
    if (frame.kind !== 'close' || this.#control.isDraining) return;
    this.#control.drain();
    this.#closed = true;
    this.#events.push({ kind: 'closed', by: 'peer', code: frame.code, reason: frame.reason });
  }

  #onAck(ack: AckFrame, now: Instant): void {
    const delay = millis(Math.min(ack.delayMicros / 1000, 2 * MAX_ACK_DELAY));
    if (!this.#recovery.onAck(ack.received, delay, now)) {
      this.#violation('acknowledged a packet that was never sent');
      return;
    }
    if (this.#mtu.settle(this.#recovery.packets)) this.#recut();
    this.#outgoing.onCredit(ack.credit);
    this.#setSendStrict(ack.strict);
    const { next } = this.#recovery.packets;
    for (const one of ack.rejected) this.#outgoing.onRejected(one.record, one.attempt, next);
  }

  #setSendStrict(strict: boolean): void {
    if (strict === this.#builder.strict) return;
    this.#builder.strict = strict;
    this.#recut();
  }

  /** The path carries other sizes than before, or strict mode has begun or ended. */
  #recut(): void {
    this.#outgoing.cutFor(this.#mtu.datagramBytes, this.#builder.strict);
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

  #nextRecord(): ConnectionEvent | undefined {
    const plaintext = this.#incoming.poll();
    return plaintext && { kind: 'record', plaintext };
  }

  #violation(reason: string): void {
    if (this.#closed) return;
    this.close(CloseCode.protocolViolation, reason);
    this.#events.push({ kind: 'closed', by: 'self', code: CloseCode.protocolViolation, reason });
  }
}

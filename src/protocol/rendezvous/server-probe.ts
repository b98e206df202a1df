import type { Machine, Transmit } from '../machine.ts';
import type { Random } from '../ports.ts';
import { after, elapsed, type Instant, type Millis, millis } from '../time.ts';
import { bytesKey } from '../wire/bytes.ts';
import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import { packetLength } from '../wire/packet.ts';
import { ADDRESS_TOKEN_BYTES, openMessage, TRANSACTION_ID_BYTES } from './message.ts';
import { decodeReply, type Reply } from './replies.ts';
import { encodeObserve, MIN_REQUEST_BYTES } from './requests.ts';

export const limits = {
  /** How often is asked before the first answer; a silent server is given 3.3 s. */
  knocks: 5,
  firstWait: millis(250),
  waitGrowth: 1.5,
  /** Questions whose round trips are measured: enough for a median, and for one loss to be seen. */
  pings: 8,
  pingSpacing: millis(30),
  /** How often a size is tried: with a tenth lost each way, three losses in a row are one in 150. */
  sizeRounds: 3,
  /** What an answer may take longer than a quarter more than the longest so far. */
  jitter: millis(40),
  longestWait: millis(1500),
} as const;

/**
 * MTUs that links have: Ethernet, PPPoE (RFC 4638), tunnels one in another, the least of IPv6
 * (RFC 8200 §5), what a transfer's first datagrams take, and what every IPv4 host takes (RFC 791).
 */
const MTUS = [
  1500, 1492, 1480, 1460, 1440, 1420, 1400, 1380, 1360, 1340, 1320, 1300, 1280, 1228, 576,
] as const;

export interface ServerProbeOptions {
  readonly server: Endpoint;
  readonly random: Pick<Random, 'bytes'>;
  /** Only where the system can forbid that datagrams are cut on the way (RFC 8899 §3). */
  readonly measuresMtu: boolean;
}

/** How well a server is reached. */
export interface ServerReach {
  readonly answer: 'none' | 'observed' | 'other-version';
  /** Where the server saw us. */
  readonly observed: Endpoint | undefined;
  /** How many questions were asked to measure, and the round trips of those that were answered. */
  readonly pings: number;
  readonly roundTrips: readonly Millis[];
  /** The MTU of the way there, at least; `undefined` where it was not measured. */
  readonly mtu: number | undefined;
}

export type ServerProbeEvent =
  /** The server is there, and speaks our version. */
  | { readonly kind: 'answered' }
  /** All is known that will be. */
  | { readonly kind: 'finished'; readonly reach: ServerReach };

type Purpose = 'knocking' | 'pinging' | 'sizing';

type State =
  /** How often it was done, and when it is done again or given up. */
  | { readonly kind: Purpose; readonly rounds: number; readonly nextAt: Instant }
  | { readonly kind: 'over' };

interface Question {
  readonly purpose: Purpose;
  readonly bytes: number;
  readonly sentAt: Instant;
}

/**
 * Measures one server: whether it answers, how long a round trip takes, and which datagrams get
 * there. It asks OBSERVE, padded where size is the question; the answers are small.
 */
export class ServerProbe implements Machine<ServerProbeEvent> {
  readonly #options: ServerProbeOptions;
  readonly #headerBytes: number;
  readonly #questions = new Map<string, Question>();
  readonly #transmits: Transmit[] = [];
  readonly #events: ServerProbeEvent[] = [];
  readonly #roundTrips: Millis[] = [];
  #state: State;
  #answer: ServerReach['answer'] = 'none';
  #observed: Endpoint | undefined;
  #token: Uint8Array = new Uint8Array(ADDRESS_TOKEN_BYTES);
  #pings = 0;
  #largest: number = MIN_REQUEST_BYTES;
  #longest: Millis = millis(0);
  #ignored = 0;

  constructor(options: ServerProbeOptions, now: Instant) {
    this.#options = options;
    this.#headerBytes = options.server.address.includes(':') ? 48 : 28;
    this.#state = { kind: 'knocking', rounds: 0, nextAt: now };
    this.handleTimeout(now);
  }

  /** What is known by now. */
  get reach(): ServerReach {
    const isMeasured = this.#options.measuresMtu && this.#answer === 'observed';
    return {
      answer: this.#answer,
      observed: this.#observed,
      pings: this.#pings,
      roundTrips: [...this.#roundTrips],
      mtu: isMeasured ? this.#largest + this.#headerBytes : undefined,
    };
  }

  /** Packets that were no answer to anything. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Ends it: nothing will come, or nothing is waited for any more. */
  close(): void {
    if (this.#state.kind === 'over') return;
    this.#state = { kind: 'over' };
    this.#questions.clear();
    this.#transmits.length = 0;
    this.#events.push({ kind: 'finished', reach: this.reach });
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    let offset = 0;
    while (offset < batch.length) {
      const length = packetLength(batch, offset);
      if (length === 0) {
        this.#ignored += 1;
        return;
      }
      this.#handlePacket(batch.subarray(offset, offset + length), remote, now);
      offset += length;
    }
  }

  handleTimeout(now: Instant): void {
    const state = this.#state;
    if (state.kind === 'over' || now < state.nextAt) return;
    if (state.kind === 'knocking') this.#knock(state.rounds, now);
    else if (state.kind === 'pinging') this.#ping(state.rounds, now);
    else this.#trySizes(state.rounds, now);
  }

  pollTransmit(): Transmit | undefined {
    return this.#transmits.shift();
  }

  pollEvent(): ServerProbeEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    return this.#state.kind === 'over' ? undefined : this.#state.nextAt;
  }

  #handlePacket(packet: Uint8Array, remote: Endpoint, now: Instant): void {
    const txid = openMessage(packet)?.txid;
    const key = txid === undefined ? '' : bytesKey(txid);
    const question = this.#questions.get(key);
    const reply = decodeReply(packet)?.reply;
    if (!question || !reply || !sameEndpoint(remote, this.#options.server)) {
      this.#ignored += 1;
      return;
    }
    this.#questions.delete(key);
    this.#accept(question, reply, now);
  }

  #accept(question: Question, reply: Reply, now: Instant): void {
    if (reply.kind === 'error' && reply.refusal === 'version') {
      this.#answer = 'other-version';
      this.close();
      return;
    }
    if (reply.kind !== 'challenge' && reply.kind !== 'observed') return;
    // A challenge is an answer as well: the question has got there, whatever has become of its token.
    if (reply.kind === 'challenge') this.#token = reply.token.slice();
    this.#observed = reply.observed;
    const roundTrip = elapsed(question.sentAt, now);
    this.#longest = millis(Math.max(this.#longest, roundTrip));
    if (question.purpose === 'pinging') this.#roundTrips.push(roundTrip);
    this.#largest = Math.max(this.#largest, question.bytes);
    if (this.#answer === 'none') this.#onFirstAnswer(now);
    this.#hasten(now);
  }

  #onFirstAnswer(now: Instant): void {
    this.#answer = 'observed';
    this.#events.push({ kind: 'answered' });
    this.#ping(0, now);
  }

  /** Goes on at once where nothing is left to wait for. */
  #hasten(now: Instant): void {
    const { kind } = this.#state;
    const areAllBack = this.#roundTrips.length === limits.pings;
    if (kind === 'pinging' && areAllBack) this.#trySizes(0, now);
    else if (kind === 'sizing' && this.#sizesLeft.length === 0) this.close();
  }

  #knock(rounds: number, now: Instant): void {
    if (rounds === limits.knocks) {
      this.close();
      return;
    }
    this.#ask('knocking', MIN_REQUEST_BYTES, now);
    const wait = millis(limits.firstWait * limits.waitGrowth ** rounds);
    this.#state = { kind: 'knocking', rounds: rounds + 1, nextAt: after(now, wait) };
  }

  #ping(rounds: number, now: Instant): void {
    if (rounds === limits.pings) {
      this.#trySizes(0, now);
      return;
    }
    this.#pings += 1;
    this.#ask('pinging', MIN_REQUEST_BYTES, now);
    const wait = rounds + 1 < limits.pings ? limits.pingSpacing : this.#patience;
    this.#state = { kind: 'pinging', rounds: rounds + 1, nextAt: after(now, wait) };
  }

  #trySizes(rounds: number, now: Instant): void {
    const sizes = this.#sizesLeft;
    if (sizes.length === 0 || rounds === limits.sizeRounds) {
      this.close();
      return;
    }
    for (const bytes of sizes) this.#ask('sizing', bytes, now);
    const nextAt = after(now, this.#patience);
    this.#state = { kind: 'sizing', rounds: rounds + 1, nextAt };
  }

  /** Sizes above the largest that has arrived, upwards: what fills a queue keeps out the largest. */
  get #sizesLeft(): number[] {
    if (!this.#options.measuresMtu) return [];
    return MTUS.map((mtu) => mtu - this.#headerBytes)
      .filter((bytes) => bytes > this.#largest)
      .reverse();
  }

  get #patience(): Millis {
    return millis(Math.min(1.25 * this.#longest + limits.jitter, limits.longestWait));
  }

  #ask(purpose: Purpose, bytes: number, now: Instant): void {
    const txid = this.#options.random.bytes(TRANSACTION_ID_BYTES);
    const head = { txid, token: this.#token };
    const payload = encodeObserve(head, { replyFrom: 'asked' }, bytes);
    this.#questions.set(bytesKey(txid), { purpose, bytes, sentAt: now });
    this.#transmits.push({ remote: this.#options.server, payload, segmentSize: payload.length });
  }
}

import type { Transmit } from '../machine.ts';
import type { Random } from '../ports.ts';
import { after, earliest, elapsed, type Instant, type Millis, millis } from '../time.ts';
import { bytesKey } from '../wire/bytes.ts';
import { type Endpoint, isStream } from '../wire/endpoint.ts';
import { packetLength } from '../wire/packet.ts';
import { Dialing } from './dialing.ts';
import { TRANSACTION_ID_BYTES } from './message.ts';
import { decodeReply, type Reply } from './replies.ts';
import type { RequestHead } from './requests.ts';
import { ServerWays, type Way } from './server-ways.ts';

/** How a request is made, and how often it is repeated while no answer comes. */
export interface RequestPlan {
  readonly encode: (head: RequestHead) => Uint8Array;
  /** The first repetition comes after `first`; every further one twice as late, up to `cap`. */
  readonly first: Millis;
  readonly cap: Millis;
  /** How often it is sent in all; without end when absent. */
  readonly attempts?: number;
  /** Asks under the delivery id, so that the server addresses DELIVER with it. */
  readonly announcesDelivery?: boolean;
  /** The other side answers it, in its own time: silence says nothing of the way to the server. */
  readonly isForOtherSide?: boolean;
}

/** A connection to the server is to be opened: `addWay` or `endWay` says what became of it. */
export interface DialEvent {
  readonly kind: 'dial';
}

/** How the server may be reached. */
export interface ServerAccess {
  /** Where it answers; only the name of it, so to say, where UDP is not to be used. */
  readonly server: Endpoint;
  /** True when absent. */
  readonly udp?: boolean;
  /** Whether to ask for a connection when UDP does not get through; false when absent. */
  readonly stream?: boolean;
}

/** An answer to the request that was opened as `tag`, or a DELIVER. */
export interface Answer {
  readonly tag: string;
  readonly reply: Exclude<Reply, { kind: 'challenge' }>;
}

interface InFlight {
  readonly tag: string;
  readonly plan: RequestPlan;
  readonly txid: Uint8Array;
  sends: number;
  /** Packets of the last sending: one for each way. */
  transmits: number;
  /** Answered challenges since the last timer: a confused server must not make us spin. */
  challenges: number;
  sentAt: Instant;
  nextAt: Instant;
  interval: Millis;
}

const CHALLENGES_PER_INTERVAL = 3;
/**
 * A request that is sent so often without an answer is owed one. The first of them is, after 0.75 s
 * on average: longer than nearly all round trips take, and one lost packet does not make it so.
 */
const SENDS_OWED = 3;
/**
 * A connection without a sign for so many, 4 s, is dead: its network may have vanished without a
 * word. Not sooner, since TCP repeats what is lost by itself, after 1 s (RFC 6298 §2.1) and more.
 */
const SENDS_STALE = 5;
const JITTER_STEPS = 1024;

/**
 * A client's side of every exchange with one server: requests in flight and their repetition, the
 * ways to it, and which answer belongs to which request. Answers from elsewhere, or to nothing
 * that was asked, are counted and ignored.
 */
export class RequestChannel {
  readonly #ways: ServerWays;
  readonly #dialing: Dialing | undefined;
  readonly #random: Random;
  readonly #deliveryId: Uint8Array;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #transmits: Transmit[] = [];
  #rtt: Millis | undefined;
  #hasAnswer = false;
  #ignored = 0;

  constructor(options: ServerAccess & { readonly random: Random }) {
    const { server, udp = true, stream = false, random } = options;
    this.#ways = new ServerWays(udp ? server : undefined);
    this.#dialing = stream ? new Dialing() : undefined;
    this.#random = random;
    this.#deliveryId = random.bytes(TRANSACTION_ID_BYTES);
  }

  /** Whether the server has ever answered. */
  get hasAnswer(): boolean {
    return this.#hasAnswer;
  }

  /** The last round-trip time to the server. */
  get rtt(): Millis | undefined {
    return this.#rtt;
  }

  /** Packets that were no answer to anything. */
  get ignored(): number {
    return this.#ignored;
  }

  /** The server's endpoints by which it is, or may be, spoken to. */
  get ways(): Endpoint[] {
    return this.#ways.endpoints;
  }

  /** Whether a connection is to be opened now. */
  takeDial(now: Instant): boolean {
    return this.#needsDial() && this.#dialing?.wants(now, this.#owes(SENDS_STALE)) === true;
  }

  /** A connection to the server is open: what waits for an answer goes out by it as well. */
  addWay(endpoint: Endpoint, now: Instant): void {
    this.#dialing?.opened();
    const way = this.#ways.add(endpoint);
    if (this.#ways.used !== undefined && !this.#owes(SENDS_OWED)) return;
    for (const request of this.#inFlight.values()) {
      if (request.sends > 0) this.#sendBy(way, request, now);
    }
  }

  /** A connection could not be opened, or is closed. */
  endWay(endpoint: Endpoint, now: Instant): void {
    this.#dialing?.ended(now);
    if (this.#ways.remove(endpoint)) this.#hasten(now);
  }

  has(tag: string): boolean {
    return this.#inFlight.has(tag);
  }

  /** Sends a request, `delay` from now, and repeats it until `settle`. Replaces one of that tag. */
  open(tag: string, plan: RequestPlan, now: Instant, delay?: Millis): void {
    const txid = plan.announcesDelivery
      ? this.#deliveryId
      : this.#random.bytes(TRANSACTION_ID_BYTES);
    const request: InFlight = {
      tag,
      plan,
      txid,
      sends: 0,
      transmits: 0,
      challenges: 0,
      sentAt: now,
      nextAt: after(now, delay ?? millis(0)),
      interval: plan.first,
    };
    this.#inFlight.set(tag, request);
    if (delay === undefined) this.#sendAgain(request, now);
  }

  /** Asks the same again after `delay`, as a new request. */
  reopen(tag: string, now: Instant, delay: Millis): void {
    const request = this.#inFlight.get(tag);
    if (request) this.open(tag, request.plan, now, delay);
  }

  /**
   * Between three and five quarters, so that many clients of a restarted server, or behind one address,
   * spread out.
   */
  jittered(span: Millis): Millis {
    return millis(span * (0.75 + this.#random.integer(JITTER_STEPS) / (2 * JITTER_STEPS)));
  }

  settle(tag: string): void {
    this.#inFlight.delete(tag);
  }

  clear(): void {
    this.#inFlight.clear();
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): Answer[] {
    const answers: Answer[] = [];
    let offset = 0;
    while (offset < batch.length) {
      const length = packetLength(batch, offset);
      const way = this.#ways.find(remote);
      if (length === 0 || way === undefined) {
        this.#ignored += 1;
        break;
      }
      // A copy: what an answer holds outlives the batch.
      const answer = this.#accept(batch.slice(offset, offset + length), way, now);
      if (answer) answers.push(answer);
      offset += length;
    }
    return answers;
  }

  handleTimeout(now: Instant): void {
    for (const request of [...this.#inFlight.values()]) {
      if (request.nextAt > now) continue;
      if (request.sends >= (request.plan.attempts ?? Infinity)) this.settle(request.tag);
      else this.#sendAgain(request, now);
    }
  }

  pollTransmit(): Transmit | undefined {
    return this.#transmits.shift();
  }

  pollTimeout(): Instant | undefined {
    const dial = this.#needsDial() ? this.#dialing?.deadline : undefined;
    return earliest(dial, ...[...this.#inFlight.values()].map((request) => request.nextAt));
  }

  #accept(packet: Uint8Array, way: Way, now: Instant): Answer | undefined {
    const message = decodeReply(packet);
    const answer = message && this.#match(message.txid, message.reply, way, now);
    if (answer === undefined) this.#ignored += 1;
    else this.#hasAnswer = true;
    return answer === 'challenged' ? undefined : answer;
  }

  #match(
    txid: Uint8Array,
    reply: Reply,
    way: Way,
    now: Instant,
  ): Answer | 'challenged' | undefined {
    if (reply.kind === 'deliver') {
      return bytesKey(txid) === bytesKey(this.#deliveryId) ? { tag: 'deliver', reply } : undefined;
    }
    const request = [...this.#inFlight.values()].find(
      (candidate) => candidate.sends > 0 && bytesKey(candidate.txid) === bytesKey(txid),
    );
    if (!request) return undefined;
    this.#measure(request, now);
    if (reply.kind === 'challenge') {
      this.#answerChallenge(request, way, reply.token, now);
      return 'challenged';
    }
    // By a way that was left: it would tell of an address at which the server no longer sees us.
    const { used } = this.#ways;
    return used === undefined || used === way ? { tag: request.tag, reply } : undefined;
  }

  #answerChallenge(request: InFlight, way: Way, token: Uint8Array, now: Instant): void {
    const isNew = this.#ways.prove(way, token, owesAnswer(request), now);
    if (isStream(way.endpoint)) this.#dialing?.proved();
    if (isNew) this.#hasten(now);
    if (this.#ways.used !== way || request.challenges >= CHALLENGES_PER_INTERVAL) return;
    request.challenges += 1;
    request.sends = 0;
    request.interval = request.plan.first;
    this.#send(request, now);
  }

  /** The server is to know at once where we are now, also for what it would be asked later. */
  #hasten(now: Instant): void {
    for (const request of this.#inFlight.values()) request.nextAt = now;
  }

  /** Whether there is no way in use, or the one in use owes us an answer, and there is no connection. */
  #needsDial(): boolean {
    if (this.#ways.used === undefined && this.#ways.endpoints.length === 0) return true;
    return this.#owes(SENDS_OWED);
  }

  /** Whether the server has not answered something that was sent so often. */
  #owes(sends: number): boolean {
    return [...this.#inFlight.values()].some((request) => owesAnswer(request, sends));
  }

  // Karn's rule: an answer to a repeated request does not say which sending it answers.
  #measure(request: InFlight, now: Instant): void {
    if (request.sends === 1 && request.transmits === 1) this.#rtt = elapsed(request.sentAt, now);
  }

  #sendAgain(request: InFlight, now: Instant): void {
    request.challenges = 0;
    this.#send(request, now);
  }

  #send(request: InFlight, now: Instant): void {
    request.transmits = 0;
    for (const way of this.#ways.towards(owesAnswer(request), now)) this.#sendBy(way, request, now);
    request.sends += 1;
    request.nextAt = after(now, this.jittered(request.interval));
    request.interval = millis(Math.min(request.interval * 2, request.plan.cap));
  }

  #sendBy({ endpoint, token }: Way, request: InFlight, now: Instant): void {
    if (request.transmits === 0) request.sentAt = now;
    const payload = request.plan.encode({ txid: request.txid, token });
    this.#transmits.push({ remote: endpoint, payload, segmentSize: payload.length });
    request.transmits += 1;
  }
}

function owesAnswer({ plan, sends }: InFlight, owed = SENDS_OWED): boolean {
  return sends >= owed && !plan.isForOtherSide;
}

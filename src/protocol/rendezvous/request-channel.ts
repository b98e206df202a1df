import type { Transmit } from '../machine.ts';
import type { Random } from '../ports.ts';
import { after, earliest, elapsed, type Instant, type Millis, millis } from '../time.ts';
import { bytesKey } from '../wire/bytes.ts';
import { canonicalAddress, type Endpoint } from '../wire/endpoint.ts';
import { packetLength } from '../wire/packet.ts';
import { ADDRESS_TOKEN_BYTES, TRANSACTION_ID_BYTES } from './message.ts';
import { decodeReply, type Reply } from './replies.ts';
import type { RequestHead } from './requests.ts';

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
  /** Answered challenges since the last timer: a confused server must not make us spin. */
  challenges: number;
  sentAt: Instant;
  nextAt: Instant;
  interval: Millis;
}

const CHALLENGES_PER_INTERVAL = 3;
const JITTER_STEPS = 1024;

/**
 * A client's side of every exchange with one server: requests in flight and their repetition, the
 * address token, and which answer belongs to which request. Answers from elsewhere, or to nothing
 * that was asked, are counted and ignored.
 */
export class RequestChannel {
  readonly #server: Endpoint;
  readonly #random: Random;
  readonly #deliveryId: Uint8Array;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #transmits: Transmit[] = [];
  #token: Uint8Array = new Uint8Array(ADDRESS_TOKEN_BYTES);
  #rtt: Millis | undefined;
  #hasAnswer = false;
  #ignored = 0;

  constructor({ server, random }: { server: Endpoint; random: Random }) {
    this.#server = server;
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
      if (length === 0 || !this.#isServer(remote)) {
        this.#ignored += 1;
        break;
      }
      // A copy: what an answer holds outlives the batch.
      const answer = this.#accept(batch.slice(offset, offset + length), now);
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
    return earliest(...[...this.#inFlight.values()].map((request) => request.nextAt));
  }

  #accept(packet: Uint8Array, now: Instant): Answer | undefined {
    const message = decodeReply(packet);
    const answer = message && this.#match(message.txid, message.reply, now);
    if (answer === undefined) this.#ignored += 1;
    else this.#hasAnswer = true;
    return answer === 'challenged' ? undefined : answer;
  }

  #match(txid: Uint8Array, reply: Reply, now: Instant): Answer | 'challenged' | undefined {
    if (reply.kind === 'deliver') {
      return bytesKey(txid) === bytesKey(this.#deliveryId) ? { tag: 'deliver', reply } : undefined;
    }
    const request = [...this.#inFlight.values()].find(
      (candidate) => candidate.sends > 0 && bytesKey(candidate.txid) === bytesKey(txid),
    );
    if (!request) return undefined;
    this.#measure(request, now);
    if (reply.kind !== 'challenge') return { tag: request.tag, reply };
    this.#answerChallenge(request, reply.token, now);
    return 'challenged';
  }

  #answerChallenge(request: InFlight, token: Uint8Array, now: Instant): void {
    this.#token = token;
    if (request.challenges >= CHALLENGES_PER_INTERVAL) return;
    request.challenges += 1;
    request.sends = 0;
    request.interval = request.plan.first;
    this.#send(request, now);
  }

  // Karn's rule: an answer to a repeated request does not say which sending it answers.
  #measure(request: InFlight, now: Instant): void {
    if (request.sends === 1) this.#rtt = elapsed(request.sentAt, now);
  }

  #sendAgain(request: InFlight, now: Instant): void {
    request.challenges = 0;
    this.#send(request, now);
  }

  #send(request: InFlight, now: Instant): void {
    const payload = request.plan.encode({ txid: request.txid, token: this.#token });
    this.#transmits.push({ remote: this.#server, payload, segmentSize: payload.length });
    request.sends += 1;
    request.sentAt = now;
    request.nextAt = after(now, this.#jittered(request.interval));
    request.interval = millis(Math.min(request.interval * 2, request.plan.cap));
  }

  /** Between three and five quarters, so that many clients of a restarted server spread out. */
  #jittered(span: Millis): Millis {
    return millis(span * (0.75 + this.#random.integer(JITTER_STEPS) / (2 * JITTER_STEPS)));
  }

  #isServer(remote: Endpoint): boolean {
    return (
      remote.port === this.#server.port &&
      remote.base === this.#server.base &&
      canonicalAddress(remote.address) === canonicalAddress(this.#server.address)
    );
  }
}

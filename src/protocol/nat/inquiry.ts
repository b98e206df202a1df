import type { Transmit } from '../machine.ts';
import type { Random } from '../ports.ts';
import {
  ADDRESS_TOKEN_BYTES,
  MessageType,
  openMessage,
  TRANSACTION_ID_BYTES,
} from '../rendezvous/message.ts';
import { type Alternates, decodeReply, type Reply } from '../rendezvous/replies.ts';
import { encodeObserve, type ReplySource } from '../rendezvous/requests.ts';
import { after, earliest, elapsed, type Instant, type Millis, millis } from '../time.ts';
import { bytesKey, sameBytes } from '../wire/bytes.ts';
import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import { limits } from './limits.ts';

export interface InquiryPlan {
  /** Whom to ask, and by which base. */
  readonly remote: Endpoint;
  /**
   * What settles it: the observed endpoint, which a challenge tells too; an OBSERVED, from the
   * socket that was asked or from another; or the question itself, come back to another base.
   */
  readonly wants: 'endpoint' | ReplySource | 'echo';
  /** The token that the server gave to this base, where it is known. */
  readonly token?: Uint8Array;
}

type InquiryState =
  /** To be asked for the first time at this time. */
  | { readonly kind: 'planned'; readonly at: Instant }
  | { readonly kind: 'asked'; readonly at: Instant }
  | { readonly kind: 'answered' }
  | { readonly kind: 'unanswered' };

/** One question to the server, and what has come of it. */
export class Inquiry {
  readonly plan: InquiryPlan;
  state: InquiryState;
  token: Uint8Array;
  sends = 0;
  challenges = 0;
  /** Our endpoint, as the server sees it. */
  observed: Endpoint | undefined;
  alternates: Alternates | undefined;
  /** Whether its first sending was answered: only then is it known when a NAT first saw it. */
  isInOrder = false;

  constructor(plan: InquiryPlan, at: Instant) {
    this.plan = plan;
    this.token = plan.token ?? new Uint8Array(ADDRESS_TOKEN_BYTES);
    this.state = { kind: 'planned', at };
  }

  get isSettled(): boolean {
    return this.state.kind === 'answered' || this.state.kind === 'unanswered';
  }

  get isAnswered(): boolean {
    return this.state.kind === 'answered';
  }
}

interface Sending {
  readonly inquiry: Inquiry;
  readonly sentAt: Instant;
  readonly isFirst: boolean;
}

/**
 * Asks, repeats and listens. Every sending has a transaction id of its own, so that an answer tells
 * which sending it answers: round-trip times are never ambiguous, nor is the order of mappings.
 */
export class Inquiries {
  readonly #random: Random;
  #open: Inquiry[] = [];
  readonly #sendings = new Map<string, Sending>();
  readonly #transmits: Transmit[] = [];
  #rtt: Millis | undefined;
  #ignored = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The longest round trip so far: what is waited for may take as long. */
  get rtt(): Millis | undefined {
    return this.#rtt;
  }

  /** Packets that carried a transaction id of ours and were no answer. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Asks at `at`, and again until the inquiry is settled. */
  ask(plan: InquiryPlan, at: Instant, now: Instant): Inquiry {
    const inquiry = new Inquiry(plan, at);
    this.#open.push(inquiry);
    if (at <= now) this.#send(inquiry, now);
    return inquiry;
  }

  /** Ends everything but `kept`: nothing more is sent of it, and nothing that comes is ours. */
  clear(kept?: Inquiry): void {
    this.#open = this.#open.filter((inquiry) => inquiry === kept);
    for (const [txid, { inquiry }] of this.#sendings) {
      if (inquiry !== kept) this.#sendings.delete(txid);
    }
  }

  /** Takes a packet, and says whether it belongs to a question that was asked here. */
  handlePacket(packet: Uint8Array, remote: Endpoint, now: Instant): boolean {
    const message = openMessage(packet);
    const sending = message && this.#sendings.get(bytesKey(message.txid));
    if (message === undefined || sending === undefined) return false;
    const { inquiry } = sending;
    const isEcho = inquiry.plan.wants === 'echo';
    const reply = isEcho ? undefined : decodeReply(packet)?.reply;
    if (
      isEcho &&
      message.type === MessageType.observe &&
      remote.base !== inquiry.plan.remote.base
    ) {
      this.#settle(inquiry, 'answered');
    } else if (reply !== undefined && comesFrom(inquiry.plan, reply, remote)) {
      this.#accept(sending, reply, now);
    } else this.#ignored += 1;
    return true;
  }

  handleTimeout(now: Instant): void {
    for (const inquiry of [...this.#open]) {
      const dueAt = this.#dueAt(inquiry);
      if (dueAt === undefined || dueAt > now) continue;
      if (inquiry.sends < this.#attempts(inquiry)) this.#send(inquiry, now);
      else this.#settle(inquiry, 'unanswered');
    }
  }

  pollTransmit(): Transmit | undefined {
    return this.#transmits.shift();
  }

  pollTimeout(): Instant | undefined {
    return earliest(...this.#open.map((inquiry) => this.#dueAt(inquiry)));
  }

  #accept({ inquiry, sentAt, isFirst }: Sending, reply: Reply, now: Instant): void {
    if (reply.kind !== 'challenge' && reply.kind !== 'observed') return;
    this.#rtt = millis(Math.max(this.#rtt ?? 0, elapsed(sentAt, now)));
    inquiry.isInOrder ||= isFirst;
    inquiry.observed ??= reply.observed;
    if (reply.kind === 'observed') {
      inquiry.alternates = reply;
      this.#settle(inquiry, 'answered');
    } else {
      this.#onChallenge(inquiry, reply.token, now);
    }
  }

  #onChallenge(inquiry: Inquiry, token: Uint8Array, now: Instant): void {
    const isNew = !sameBytes(token, inquiry.token);
    inquiry.token = token.slice();
    if (inquiry.plan.wants === 'endpoint') this.#settle(inquiry, 'answered');
    else if (isNew && !inquiry.isSettled && inquiry.challenges < limits.challenges) {
      inquiry.challenges += 1;
      inquiry.sends = 0;
      this.#send(inquiry, now);
    }
  }

  #settle(inquiry: Inquiry, kind: 'answered' | 'unanswered'): void {
    // An answer that comes too late is better than none.
    if (!inquiry.isAnswered) inquiry.state = { kind };
    const index = this.#open.indexOf(inquiry);
    if (index >= 0) this.#open.splice(index, 1);
  }

  #send(inquiry: Inquiry, now: Instant): void {
    const { remote, wants } = inquiry.plan;
    const txid = this.#random.bytes(TRANSACTION_ID_BYTES);
    const replyFrom = wants === 'endpoint' || wants === 'echo' ? 'asked' : wants;
    const payload = encodeObserve({ txid, token: inquiry.token }, { replyFrom });
    this.#transmits.push({ remote, payload, segmentSize: payload.length });
    const isFirst = inquiry.sends === 0 && inquiry.challenges === 0;
    this.#sendings.set(bytesKey(txid), { inquiry, sentAt: now, isFirst });
    inquiry.sends += 1;
    inquiry.state = { kind: 'asked', at: now };
  }

  // Not fixed when it is sent: once others have shown how long a round trip takes, what was lost
  // meanwhile is asked again the sooner.
  #dueAt(inquiry: Inquiry): Instant | undefined {
    const { state } = inquiry;
    if (state.kind === 'planned') return state.at;
    return state.kind === 'asked' ? after(state.at, this.#wait(inquiry)) : undefined;
  }

  #attempts({ plan }: Inquiry): number {
    const mustAnswer = this.#rtt !== undefined && !isDoubtful(plan);
    return mustAnswer ? limits.patientAttempts : limits.attempts;
  }

  #wait(inquiry: Inquiry): Millis {
    const { plan, sends } = inquiry;
    const isLast = sends >= this.#attempts(inquiry);
    const roundTrip = this.#rtt === undefined ? limits.firstWait : 1.25 * this.#rtt + limits.jitter;
    if (!isDoubtful(plan)) {
      const grown = roundTrip * limits.waitGrowth ** (sends - 1);
      return clamp(grown, limits.shortestWait, limits.longestWait);
    }
    if (isLast) return clamp(roundTrip, limits.shortestWait, limits.longestWait);
    // Repeated against loss only: nothing is gained by waiting for the answer in between.
    return clamp((this.#rtt ?? 0) / 3, limits.closestRepeat, limits.widestRepeat);
  }
}

/** Whether it may be that no answer can come. */
function isDoubtful({ wants }: InquiryPlan): boolean {
  return wants !== 'endpoint' && wants !== 'asked';
}

/** Whether a reply comes from where the question asked for it. */
function comesFrom({ remote, wants }: InquiryPlan, reply: Reply, from: Endpoint): boolean {
  if (from.base !== remote.base) return false;
  const isAsked = sameEndpoint(from, remote);
  if (reply.kind !== 'observed') return isAsked;
  switch (wants) {
    case 'other-port':
      return from.address === remote.address && !isAsked;
    case 'other-address':
      return from.address !== remote.address;
    default:
      return isAsked;
  }
}

function clamp(value: number, least: number, most: number): Millis {
  return millis(Math.min(Math.max(value, least), most));
}

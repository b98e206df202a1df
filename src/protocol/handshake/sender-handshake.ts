import type { CipherSuite, Crypto, Random } from '../ports.ts';
import type { SessionKeys } from '../session-keys.ts';
import { after, earliest, type Instant, type Millis, millis } from '../time.ts';
import { sameBytes } from '../wire/bytes.ts';
import { type Attempt, finishAttempt, type Success, startAttempt } from './attempt.ts';
import type { Code } from './code.ts';
import {
  type Claim,
  type Confirm,
  decodeClaim,
  decodeConfirm,
  encodeHello,
  encodeReject,
  encodeWait,
  MessageKind,
  limits as messageLimits,
  NONCE_BYTES,
  RejectReason,
} from './message.ts';
import { VERSIONS } from './negotiation.ts';

export type SenderHandshakeEvent =
  /** Somebody claimed the code and did not know it, or went silent. */
  | { readonly kind: 'attempt-failed'; readonly used: number; readonly allowed: number }
  /** `box` is the plaintext of the receiver's box. */
  | {
      readonly kind: 'established';
      readonly claimId: Uint8Array;
      readonly keys: SessionKeys;
      readonly box: Uint8Array;
    }
  /** All attempts are spent: nobody can use this code any more. */
  | { readonly kind: 'burnt' };

export interface SenderHandshakeOptions {
  readonly crypto: Crypto;
  readonly random: Random;
  /** Our cipher suites, the favourite first. */
  readonly suites: readonly CipherSuite[];
  /** The plaintext of our sealed box (at most 700 bytes), asked for when D is made. */
  readonly box: () => Uint8Array;
  /** Attempts at the same code that failed in an earlier process. */
  readonly failedBefore?: number;
  /** How many are expected, of whom each may slip; one when absent. */
  readonly receivers?: number;
  /** How many may prove it before `makeRoom`; all of them when absent. */
  readonly places?: number;
}

export const limits: {
  readonly attempts: number;
  readonly attemptsOfMany: number;
  readonly remembered: number;
  readonly attemptLife: Millis;
  readonly winnerLife: Millis;
} = {
  /** Guesses at a code in its life: enough for a slip, 2^-31 for an attacker. */
  attempts: 3,
  /** As many for each receiver, but never more: three words stand a hundred guesses (2^-26) as well. */
  attemptsOfMany: 100,
  /** Those of many who have proved the code: whoever misses our proof asks again within seconds. */
  remembered: 16,
  /** An attacker who only listens to B and goes silent has used up a guess all the same. */
  attemptLife: millis(30_000),
  /**
   * Who has proved to know the words and is not heard on any path by then may have died, and come
   * again under the same code: the first packets of two who both live need some round trips.
   */
  winnerLife: millis(5000),
};

/**
 * The sender's half of the handshake (responder of CPace). It answers up to three claims side by
 * side, so that a squatter cannot keep the right receiver out; the first that proves to know the
 * words wins. When it is heard (`settle`), or after three failures, the code is closed for good.
 *
 * Where several receivers are expected, each that proves to know the words is established, and takes
 * one of the places that there are; while there is none, everybody is told to go on asking.
 */
export class SenderHandshake {
  /** H, to be given to the server when the nameplate is asked for. */
  readonly hello: Uint8Array;
  readonly #options: SenderHandshakeOptions;
  readonly #attempts: Attempt[] = [];
  readonly #events: SenderHandshakeEvent[] = [];
  #code: Code | undefined;
  /** From when on a winner that is still not heard has to make room for another. */
  #doubtAt: Instant | undefined;
  #isSettled = false;
  readonly #isForMany: boolean;
  /** How many more may win. */
  #room: number;

  constructor(options: SenderHandshakeOptions) {
    this.#options = options;
    const { receivers = 1, places = receivers } = options;
    this.#isForMany = receivers > 1;
    this.#room = places;
    const nonce = options.random.bytes(NONCE_BYTES);
    this.hello = encodeHello({ versions: VERSIONS, suites: options.suites, nonce });
  }

  /** Says which code is to be proven, as soon as the server has chosen the nameplate. */
  arm(code: Code): void {
    if (!this.#isWon) this.#code = code;
  }

  /** One more of several receivers may come. */
  makeRoom(now: Instant): void {
    // Those who had to wait for it could not do better.
    if (this.#hasNoRoom) for (const attempt of this.#attempts) attempt.deadline = deadlineFrom(now);
    this.#room += 1;
  }

  /** The winner is there: the code is used up. */
  settle(): void {
    this.#isSettled = true;
    for (const { isk } of this.#attempts) isk.fill(0);
  }

  /**
   * Takes a receiver's message that the server passed on under `claimId`, and yields the answer to
   * post back: the same bytes for the same bytes. Yields nothing for what does not parse.
   */
  handleMessage(claimId: Uint8Array, body: Uint8Array, now: Instant): Uint8Array | undefined {
    this.handleTimeout(now);
    if (this.#code === undefined || body.length > messageLimits.messageBytes) return undefined;
    const bytes = body.slice();
    const claim = decodeClaim(bytes);
    const confirm = decodeConfirm(bytes, MessageKind.receiverConfirm);
    const message = claim ?? confirm;
    if (message === undefined || !sameBytes(message.claimId, claimId)) return undefined;
    const attempt = this.#attempts.find((known) => sameBytes(known.claimId, claimId));
    const closed = this.#closedFor(attempt);
    if (closed !== undefined) return encodeReject({ claimId, reason: closed });
    if (attempt !== undefined) return this.#onKnown(attempt, confirm, bytes, now);
    return claim && this.#onClaim(this.#code, claim, bytes, now);
  }

  /** Counts attempts as failed that were not followed up in time. */
  handleTimeout(now: Instant): void {
    if (this.#isWon || this.#hasNoRoom) return;
    for (const attempt of this.#attempts) {
      if (attempt.state === 'open' && attempt.deadline <= now) this.#fail(attempt);
    }
  }

  pollTimeout(): Instant | undefined {
    if (this.#isWon || this.#hasNoRoom) return undefined;
    const open = this.#attempts.filter(({ state }) => state === 'open');
    return earliest(...open.map(({ deadline }) => deadline));
  }

  pollEvent(): SenderHandshakeEvent | undefined {
    return this.#events.shift();
  }

  /** Whether the one that was expected is there. */
  get #isWon(): boolean {
    return !this.#isForMany && this.#attempts.some(({ state }) => state === 'won');
  }

  get #hasNoRoom(): boolean {
    return this.#isForMany && this.#room === 0;
  }

  get #allowed(): number {
    const { receivers = 1 } = this.#options;
    return Math.min(limits.attempts * receivers, limits.attemptsOfMany);
  }

  get #failures(): number {
    const { failedBefore = 0 } = this.#options;
    return failedBefore + this.#attempts.filter(({ state }) => state === 'failed').length;
  }

  /** Whether another answer, if it is wrong, might be one too many. */
  get #isSpent(): boolean {
    const out = this.#attempts.filter(({ state }) => {
      return state === 'open' || (state === 'won' && !this.#isForMany);
    });
    return out.length >= limits.attempts || this.#failures + out.length >= this.#allowed;
  }

  #closedFor(attempt: Attempt | undefined): RejectReason | undefined {
    if (attempt?.state === 'won') return undefined;
    if (this.#isSettled || attempt?.state === 'lost') return RejectReason.used;
    return this.#failures >= this.#allowed ? RejectReason.burnt : undefined;
  }

  #onClaim(code: Code, claim: Claim, a: Uint8Array, now: Instant): Uint8Array | undefined {
    if (this.#hasNoRoom) return encodeWait(claim.claimId);
    // Whoever comes while all attempts are out repeats the claim until one of them is decided.
    if (this.#isSpent) return undefined;
    if (this.#attempts.some(({ share }) => sameBytes(share, claim.share))) return undefined;
    const { crypto, suites } = this.#options;
    const context = { crypto, suites, hello: this.hello, code };
    const attempt = startAttempt(context, claim, a, deadlineFrom(now));
    if (attempt === 'invalid') return undefined;
    if (attempt === 'version') {
      return encodeReject({ claimId: claim.claimId, reason: RejectReason.version });
    }
    this.#attempts.push(attempt);
    return attempt.b;
  }

  // A repeat gets the same answer again; another message under a known claim would be a second
  // guess and gets none.
  #onKnown(
    attempt: Attempt,
    confirm: Confirm | undefined,
    bytes: Uint8Array,
    now: Instant,
  ): Uint8Array | undefined {
    if (sameBytes(bytes, attempt.a)) return attempt.b;
    if (attempt.settled !== undefined && sameBytes(bytes, attempt.settled.c)) {
      return attempt.settled.reply;
    }
    // While a winner is awaited, the others are left in suspense: they repeat their C.
    const isAwaited = this.#isWon && this.#doubtAt !== undefined && now < this.#doubtAt;
    if (confirm === undefined || attempt.state !== 'open') return undefined;
    if (this.#hasNoRoom) return encodeWait(attempt.claimId);
    if (isAwaited) return undefined;
    return this.#onConfirm(attempt, confirm, bytes, now);
  }

  #onConfirm(attempt: Attempt, confirm: Confirm, c: Uint8Array, now: Instant): Uint8Array {
    const { crypto, box } = this.#options;
    const success = finishAttempt(crypto, attempt, confirm, c, box);
    if (success === undefined) this.#fail(attempt);
    else this.#win(attempt, success, now);
    const reply = success?.d ?? this.#rejectFailed(attempt);
    attempt.settled = { c, reply };
    return reply;
  }

  #rejectFailed({ claimId }: Attempt): Uint8Array {
    const isBurnt = this.#failures >= this.#allowed;
    const reason = isBurnt ? RejectReason.burnt : RejectReason.mismatch;
    return encodeReject({ claimId, reason });
  }

  #win(attempt: Attempt, { keys, box }: Success, now: Instant): void {
    if (this.#isForMany) this.#welcome();
    else for (const other of this.#attempts) if (other.state === 'won') other.state = 'lost';
    attempt.state = 'won';
    this.#doubtAt = after(now, limits.winnerLife);
    this.#events.push({ kind: 'established', claimId: attempt.claimId, keys, box });
  }

  /** Takes a place for one more of many, and forgets the first of those who have theirs. */
  #welcome(): void {
    this.#room -= 1;
    const won = this.#attempts.filter(({ state }) => state === 'won');
    const [first] = won;
    if (first === undefined || won.length < limits.remembered) return;
    first.isk.fill(0);
    this.#attempts.splice(this.#attempts.indexOf(first), 1);
  }

  #fail(attempt: Attempt): void {
    attempt.state = 'failed';
    attempt.isk.fill(0);
    const used = this.#failures;
    this.#events.push({ kind: 'attempt-failed', used, allowed: this.#allowed });
    if (used >= this.#allowed) this.#events.push({ kind: 'burnt' });
  }
}

function deadlineFrom(now: Instant): Instant {
  return after(now, limits.attemptLife);
}

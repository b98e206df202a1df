import type { ErrorCode } from '../errors.ts';
import type { Machine, Transmit } from '../machine.ts';
import type { Random } from '../ports.ts';
import { after, earliest, type Instant, type Millis, millis } from '../time.ts';
import { sameBytes } from '../wire/bytes.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { MAX_BODY_BYTES, SECRET_BYTES } from './message.ts';
import { errorOfRefusal, type Refusal } from './refusal.ts';
import { RelayBinding, type RelayEvent, rebind } from './relay-binding.ts';
import type { Reply } from './replies.ts';
import {
  type Answer,
  type DialEvent,
  RequestChannel,
  type ServerAccess,
} from './request-channel.ts';
import {
  encodeClaim,
  encodeClose,
  encodePost,
  type Outcome,
  type RequestHead,
} from './requests.ts';

export type GuestEvent =
  /** Again when a restarted server shows another hello: the handshake then starts anew. */
  | { readonly kind: 'claimed'; readonly hello: Uint8Array; readonly observed: Endpoint }
  | {
      readonly kind: 'message';
      readonly body: Uint8Array;
      /** Where the server saw the host; `undefined` when the host is in the server's own process. */
      readonly peer: Endpoint | undefined;
    }
  | RelayEvent
  | DialEvent
  /** At most once; the rendezvous is over, a session that already runs is not concerned. */
  | { readonly kind: 'failed'; readonly code: ErrorCode };

export interface RendezvousGuestOptions extends ServerAccess {
  readonly nameplate: number;
  /** 16 random bytes, which the handshake carries as well. */
  readonly claimId: Uint8Array;
  readonly random: Random;
}

const FIRST_REPEAT = millis(250);
const LONGEST_REPEAT = millis(4000);
/** For CLAIM: a person waits, and 15 s must mean more than bad luck at 30 % loss. */
const LONGEST_CLAIM_REPEAT = millis(1000);
const LONGEST_POST_REPEAT = millis(2000);
/** An answer needs both sides' round trips: below this we would only repeat what is on its way. */
const SHORTEST_POST_REPEAT = millis(50);
const UNREACHABLE_AFTER = millis(15_000);
const CLOSE_ATTEMPTS = 4;

/** The receiver's side: claims a nameplate and posts until the host answers. */
export class RendezvousGuest implements Machine<GuestEvent> {
  readonly #options: RendezvousGuestOptions;
  readonly #channel: RequestChannel;
  readonly #claimSecret: Uint8Array;
  readonly #unreachableAt: Instant;
  readonly #events: GuestEvent[] = [];
  #state: 'open' | 'closing' | 'ended' = 'open';
  #hello: Uint8Array | undefined;
  #binding: RelayBinding | undefined;

  constructor(options: RendezvousGuestOptions, now: Instant) {
    this.#options = options;
    this.#channel = new RequestChannel(options);
    this.#claimSecret = options.random.bytes(SECRET_BYTES);
    this.#unreachableAt = after(now, UNREACHABLE_AFTER);
    this.#claim(now);
    this.#considerDial(now);
  }

  /** The endpoints of the server by which it is, or may be, spoken to. */
  get ways(): Endpoint[] {
    return this.#channel.ways;
  }

  /** A connection to the server is open, as `dial` asked. */
  addWay(way: Endpoint, now: Instant): void {
    this.#channel.addWay(way, now);
  }

  /** A connection could not be opened, or is closed. */
  endWay(way: Endpoint, now: Instant): void {
    this.#channel.endWay(way, now);
  }

  /** Packets that were no answer to anything. */
  get ignored(): number {
    return this.#channel.ignored;
  }

  /** Nothing more will come of this: it failed, or CLOSE was answered or given up. */
  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** Posts a body to the host, again and again until the next `post` or `settle`. */
  post(body: Uint8Array, now: Instant): void {
    if (body.length > MAX_BODY_BYTES) throw new Error('unreachable: body too long');
    if (this.#state !== 'open') return;
    const { nameplate, claimId } = this.#options;
    const secret = this.#claimSecret;
    this.#channel.open(
      'post',
      {
        encode: (head) => encodePost(head, { nameplate, claimId, secret, body }),
        first: this.#firstPostRepeat(),
        cap: LONGEST_POST_REPEAT,
        isForOtherSide: true,
      },
      now,
    );
  }

  /** Posts a body to the host, once. */
  tell(body: Uint8Array, now: Instant): void {
    if (body.length > MAX_BODY_BYTES) throw new Error('unreachable: body too long');
    if (this.#state !== 'open') return;
    const { nameplate, claimId } = this.#options;
    const secret = this.#claimSecret;
    const encode = (head: RequestHead) => encodePost(head, { nameplate, claimId, secret, body });
    this.#channel.open(
      'tell',
      { encode, first: LONGEST_POST_REPEAT, cap: LONGEST_POST_REPEAT, attempts: 1 },
      now,
    );
  }

  /** The last post has been answered, or is not wanted any more. */
  settle(): void {
    this.#channel.settle('post');
  }

  /** Binds our side of a relay, and keeps it bound. */
  bindRelay(fields: { relayToken: Uint8Array; connectionId: Uint8Array }, now: Instant): void {
    if (this.#state !== 'open') return;
    const { nameplate, claimId } = this.#options;
    const bind = { ...fields, nameplate, claimId, secret: this.#claimSecret };
    this.#binding = new RelayBinding(this.#channel, () => bind, now);
  }

  /** Lets go of the claim. It stays counted: three claims are all that a nameplate takes. */
  close(outcome: Outcome, now: Instant): void {
    if (this.#state !== 'open') return;
    this.#channel.clear();
    this.#state = this.#hello ? 'closing' : 'ended';
    if (!this.#hello) return;
    const { nameplate } = this.#options;
    const secret = this.#claimSecret;
    this.#channel.open(
      'close',
      {
        encode: (head) => encodeClose(head, { nameplate, secret, outcome }),
        first: FIRST_REPEAT,
        cap: LONGEST_REPEAT,
        attempts: CLOSE_ATTEMPTS,
      },
      now,
    );
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    for (const answer of this.#channel.handleBatch(batch, remote, now)) {
      this.#handleAnswer(answer, now);
    }
  }

  handleTimeout(now: Instant): void {
    if (this.#state === 'open' && !this.#channel.hasAnswer && now >= this.#unreachableAt) {
      this.#fail('P2P_SERVER_UNREACHABLE');
    }
    this.#channel.handleTimeout(now);
    if (this.#state === 'closing' && !this.#channel.has('close')) this.#end();
    this.#considerDial(now);
  }

  pollTransmit(): Transmit | undefined {
    return this.#channel.pollTransmit();
  }

  pollEvent(): GuestEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    const isWaiting = this.#state === 'open' && !this.#channel.hasAnswer;
    return earliest(this.#channel.pollTimeout(), isWaiting ? this.#unreachableAt : undefined);
  }

  #considerDial(now: Instant): void {
    if (this.#state === 'open' && this.#channel.takeDial(now)) this.#events.push({ kind: 'dial' });
  }

  #claim(now: Instant): void {
    const { nameplate, claimId } = this.#options;
    const claimSecret = this.#claimSecret;
    this.#channel.open(
      'claim',
      {
        encode: (head) => encodeClaim(head, { nameplate, claimId, claimSecret }),
        first: FIRST_REPEAT,
        cap: LONGEST_CLAIM_REPEAT,
        announcesDelivery: true,
      },
      now,
    );
  }

  #handleAnswer({ tag, reply }: Answer, now: Instant): void {
    if (this.#state === 'closing') {
      if (tag === 'close') this.#end();
    } else if (reply.kind === 'deliver') this.#handleDelivery(reply);
    else if (tag === 'claim') this.#handleClaim(reply, now);
    else if (reply.kind === 'error' && reply.refusal === 'version') {
      this.#fail(errorOfRefusal(reply, 'P2P_RECEIVER_OUTDATED'));
    } else {
      if (tag === 'bind') this.#handleBind(reply, now);
      if (reply.kind === 'error') this.#claimAgain(reply.refusal, now);
    }
  }

  #handleDelivery({ claimId, body, peer }: Extract<Reply, { kind: 'deliver' }>): void {
    if (!sameBytes(claimId, this.#options.claimId)) return;
    this.#events.push({ kind: 'message', body, peer: peer.port === 0 ? undefined : peer });
  }

  #handleClaim(reply: Reply, now: Instant): void {
    if (reply.kind === 'error') this.#handleClaimRefusal(reply);
    if (reply.kind !== 'claimed') return;
    this.#channel.settle('claim');
    // Who had forgotten the claim has forgotten what was bound by it.
    rebind(this.#channel, now);
    const { hello, observed } = reply;
    if (this.#hello && sameBytes(this.#hello, hello)) return;
    this.#hello = hello;
    this.#events.push({ kind: 'claimed', hello, observed });
  }

  #handleClaimRefusal(reply: Extract<Reply, { kind: 'error' }>): void {
    // Where we have been before, the next POST or BIND tells when it is worth another CLAIM.
    if (this.#hello && PASSING.has(reply.refusal)) this.#channel.settle('claim');
    else this.#fail(errorOfRefusal(reply, 'P2P_RECEIVER_OUTDATED'));
  }

  #handleBind(reply: Reply, now: Instant): void {
    const event = this.#binding?.handle(reply, now);
    if (event) this.#events.push(event);
  }

  // A restarted server may know the nameplate again, but not our claim; a CLAIM tells. While it does
  // not know that either, the host has not come back, and a CLAIM would be taken for a guess.
  #claimAgain(refusal: Refusal, now: Instant): void {
    const isOurs = refusal !== 'relay-refused' && !PASSING.has(refusal);
    if (isOurs && this.#hello && !this.#channel.has('claim')) this.#claim(now);
  }

  #firstPostRepeat(): Millis {
    const { rtt } = this.#channel;
    if (rtt === undefined) return FIRST_REPEAT;
    return millis(Math.min(Math.max(2 * rtt, SHORTEST_POST_REPEAT), LONGEST_POST_REPEAT));
  }

  #fail(code: ErrorCode): void {
    this.#end();
    this.#events.push({ kind: 'failed', code });
  }

  #end(): void {
    this.#state = 'ended';
    this.#channel.clear();
  }
}

/** What need not stay so. */
const PASSING: ReadonlySet<Refusal> = new Set<Refusal>([
  'unknown-nameplate',
  'busy',
  'rate-limited',
]);

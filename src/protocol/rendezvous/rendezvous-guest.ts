import { type Instant, type Millis, millis } from '../time.ts';
import { sameBytes } from '../wire/bytes.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { MAX_BODY_BYTES, SECRET_BYTES } from './message.ts';
import { errorOfRefusal, type Refusal } from './refusal.ts';
import {
  type ClientEvent,
  type ClientOptions,
  type Delivery,
  FIRST_REPEAT,
  LONGEST_AWAITED_REPEAT,
  RendezvousClient,
} from './rendezvous-client.ts';
import type { Reply } from './replies.ts';
import type { Answer, RequestPlan } from './request-channel.ts';
import { encodeClaim, encodePost, type RequestHead } from './requests.ts';

export type GuestEvent = GuestNews | ClientEvent;

type GuestNews =
  /** Again when a restarted server shows another hello: the handshake then starts anew. */
  | { readonly kind: 'claimed'; readonly hello: Uint8Array; readonly observed: Endpoint }
  | {
      readonly kind: 'message';
      readonly body: Uint8Array;
      /** Where the server saw the host; `undefined` when the host is in the server's own process. */
      readonly peer: Endpoint | undefined;
    };

export interface RendezvousGuestOptions extends ClientOptions {
  readonly nameplate: number;
  /** 16 random bytes, which the handshake carries as well. */
  readonly claimId: Uint8Array;
}

/** How often a server is asked that has just started, and to which the host is coming back. */
const EARLY_REPEAT = millis(3000);
const LONGEST_POST_REPEAT = millis(2000);
/** An answer needs both sides' round trips: below this we would only repeat what is on its way. */
const SHORTEST_POST_REPEAT = millis(50);

/** The receiver's side: claims a nameplate and posts until the host answers. */
export class RendezvousGuest extends RendezvousClient<GuestNews> {
  readonly #options: RendezvousGuestOptions;
  readonly #claimSecret: Uint8Array;
  #hello: Uint8Array | undefined;

  constructor(options: RendezvousGuestOptions, now: Instant) {
    super(options, now);
    this.#options = options;
    this.#claimSecret = options.random.bytes(SECRET_BYTES);
    this.#claim(now);
    this.considerDial(now);
  }

  /** Posts a body to the host, again and again until the next `post` or `settle`. */
  post(body: Uint8Array, now: Instant): void {
    const plan = { first: this.#firstPostRepeat(), cap: LONGEST_POST_REPEAT };
    this.#open('post', body, { ...plan, isForOtherSide: true }, now);
  }

  /** Posts a body to the host, once. */
  tell(body: Uint8Array, now: Instant): void {
    const plan = { first: LONGEST_POST_REPEAT, cap: LONGEST_POST_REPEAT };
    this.#open('tell', body, { ...plan, attempts: 1 }, now);
  }

  /** The last post has been answered, or is not wanted any more. */
  settle(): void {
    this.channel.settle('post');
  }

  /** Binds our side of a relay, and keeps it bound. */
  bindRelay(fields: { relayToken: Uint8Array; connectionId: Uint8Array }, now: Instant): void {
    const { nameplate, claimId } = this.#options;
    const bind = { ...fields, nameplate, claimId, secret: this.#claimSecret };
    this.bind(() => bind, now);
  }

  protected kept() {
    if (this.#hello === undefined) return undefined;
    return { nameplate: this.#options.nameplate, secret: this.#claimSecret };
  }

  protected handleDelivery({ claimId, body, peer }: Delivery): void {
    if (!sameBytes(claimId, this.#options.claimId)) return;
    this.report({ kind: 'message', body, peer: peer.port === 0 ? undefined : peer });
  }

  protected handleAnswer({ tag, reply }: Answer, now: Instant): void {
    if (tag === 'claim') this.#handleClaim(reply, now);
    else if (reply.kind === 'error' && reply.refusal === 'version') {
      this.fail(errorOfRefusal(reply, 'P2P_RECEIVER_OUTDATED'));
    } else {
      if (tag === 'bind') this.handleBind(reply, now);
      if (reply.kind === 'error') this.#claimAgain(reply.refusal, now);
    }
  }

  #open(tag: string, body: Uint8Array, plan: Omit<RequestPlan, 'encode'>, now: Instant): void {
    if (body.length > MAX_BODY_BYTES) throw new Error('unreachable: body too long');
    if (!this.isOpen) return;
    const { nameplate, claimId } = this.#options;
    const fields = { nameplate, claimId, secret: this.#claimSecret, body };
    const encode = (head: RequestHead) => encodePost(head, fields);
    this.channel.open(tag, { ...plan, encode }, now);
  }

  #claim(now: Instant): void {
    const { nameplate, claimId } = this.#options;
    const claimSecret = this.#claimSecret;
    this.channel.open(
      'claim',
      {
        encode: (head) => encodeClaim(head, { nameplate, claimId, claimSecret }),
        first: FIRST_REPEAT,
        cap: LONGEST_AWAITED_REPEAT,
        announcesDelivery: true,
      },
      now,
    );
  }

  #handleClaim(reply: Reply, now: Instant): void {
    if (reply.kind === 'error') this.#handleClaimRefusal(reply, now);
    if (reply.kind !== 'claimed') return;
    this.channel.settle('claim');
    this.admit();
    // Who had forgotten the claim has forgotten what was bound by it.
    this.rebind(now);
    const { hello, observed } = reply;
    if (this.#hello && sameBytes(this.#hello, hello)) return;
    this.#hello = hello;
    this.report({ kind: 'claimed', hello, observed });
  }

  #handleClaimRefusal(reply: Extract<Reply, { kind: 'error' }>, now: Instant): void {
    if (reply.refusal === 'starting') this.channel.reopen('claim', now, EARLY_REPEAT);
    // Where we have been before, the next POST or BIND tells when it is worth another CLAIM.
    else if (this.#hello && PASSING.has(reply.refusal)) this.channel.settle('claim');
    else if (reply.refusal === 'rate-limited') this.askLater('claim', now);
    else this.fail(errorOfRefusal(reply, 'P2P_RECEIVER_OUTDATED'));
  }

  // A restarted server may know the nameplate again, but not our claim; a CLAIM tells. While it does
  // not know that either, the host has not come back, and a CLAIM would be taken for a guess.
  #claimAgain(refusal: Refusal, now: Instant): void {
    const isOurs = refusal !== 'relay-refused' && !PASSING.has(refusal);
    if (isOurs && this.#hello && !this.channel.has('claim')) this.#claim(now);
  }

  #firstPostRepeat(): Millis {
    const { rtt } = this.channel;
    if (rtt === undefined) return FIRST_REPEAT;
    return millis(Math.min(Math.max(2 * rtt, SHORTEST_POST_REPEAT), LONGEST_POST_REPEAT));
  }
}

/** What need not stay so. */
const PASSING: ReadonlySet<Refusal> = new Set<Refusal>([
  'unknown-nameplate',
  'busy',
  'rate-limited',
]);

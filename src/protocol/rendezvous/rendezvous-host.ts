import { type Instant, millis } from '../time.ts';
import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import { MAX_BODY_BYTES, MAX_HELLO_BYTES, SECRET_BYTES } from './message.ts';
import { errorOfRefusal, type Refusal } from './refusal.ts';
import {
  type ClientEvent,
  type ClientOptions,
  type Delivery,
  FIRST_REPEAT,
  type Kept,
  LONGEST_AWAITED_REPEAT,
  LONGEST_REPEAT,
  RendezvousClient,
} from './rendezvous-client.ts';
import type { Reply } from './replies.ts';
import type { Answer, RequestPlan } from './request-channel.ts';
import { encodePost, encodeRefresh, encodeRegister } from './requests.ts';

/** `failed` comes only before the first `registered`. */
export type HostEvent = HostNews | ClientEvent;

type HostNews =
  /** Again with another nameplate or endpoint when the server forgot us or our address changed. */
  | { readonly kind: 'registered'; readonly nameplate: number; readonly observed: Endpoint }
  | {
      readonly kind: 'message';
      readonly claimId: Uint8Array;
      readonly body: Uint8Array;
      /** Where the server saw the claimant; `undefined` when it does not say. */
      readonly peer: Endpoint | undefined;
    };

export interface RendezvousHostOptions extends ClientOptions {
  /** At most 256 bytes, which every claimant gets. */
  readonly hello: Uint8Array;
  /** Whether guests are expected one after the other; false when absent. */
  readonly isOpen?: boolean;
  /** Asked for; the server may choose another. */
  readonly nameplate?: number;
  /** 16 bytes; random when absent. Given, it finds a registration of an earlier process again. */
  readonly ownerSecret?: Uint8Array;
  /**
   * By what an earlier process of ours was found, and nobody is to come any more: it is given up as
   * used. Else whoever comes would wait there for that process until it expires.
   */
  readonly former?: Kept;
}

/** RFC 4787 REQ-5 lets no UDP mapping die before two minutes; many do after 30 s. */
const REFRESH_EVERY = millis(15_000);
/** Replies that may still need a new address token, more than a handshake has claims. */
const RECENT_REPLIES = 8;

/** The sender's side: keeps a nameplate registered and answers claims. */
export class RendezvousHost extends RendezvousClient<HostNews> {
  readonly #options: RendezvousHostOptions;
  readonly #ownerSecret: Uint8Array;
  #registration: { readonly nameplate: number; readonly observed: Endpoint } | undefined;
  #replies = 0;

  constructor(options: RendezvousHostOptions, now: Instant) {
    if (options.hello.length > MAX_HELLO_BYTES) throw new Error('unreachable: hello too long');
    super(options, now);
    this.#options = options;
    this.#ownerSecret = options.ownerSecret ?? options.random.bytes(SECRET_BYTES);
    this.#register(now);
    this.considerDial(now);
  }

  /** Posts a body to one claimant, once: it posts again until it is answered. */
  reply(claimId: Uint8Array, body: Uint8Array, now: Instant): void {
    if (body.length > MAX_BODY_BYTES) throw new Error('unreachable: body too long');
    const nameplate = this.#registration?.nameplate;
    if (!this.isOpen || nameplate === undefined) return;
    const fields = { nameplate, claimId, secret: this.#ownerSecret, body };
    this.#replies += 1;
    this.channel.open(
      `post/${this.#replies % RECENT_REPLIES}`,
      {
        encode: (head) => encodePost(head, fields),
        first: LONGEST_REPEAT,
        cap: LONGEST_REPEAT,
        attempts: 1,
        isForOtherSide: true,
      },
      now,
    );
  }

  /** Binds our side of a relay for one claim, and keeps it bound. */
  bindRelay(
    fields: { claimId: Uint8Array; relayToken: Uint8Array; connectionId: Uint8Array },
    now: Instant,
  ): void {
    const secret = this.#ownerSecret;
    const bind = () => ({ ...fields, secret, nameplate: this.#registration?.nameplate ?? 0 });
    this.bind(bind, now);
  }

  /** Asks at once whether the server still knows us, which also tells it where we are. */
  refresh(now: Instant): void {
    if (this.channel.has('refresh')) this.channel.open('refresh', this.#refreshPlan(), now);
  }

  protected kept() {
    const nameplate = this.#registration?.nameplate;
    return nameplate === undefined ? undefined : { nameplate, secret: this.#ownerSecret };
  }

  protected handleDelivery({ claimId, body, peer }: Delivery): void {
    const known = peer.port === 0 ? undefined : peer;
    this.report({ kind: 'message', claimId, body, peer: known });
  }

  protected handleAnswer({ tag, reply }: Answer, now: Instant): void {
    if (tag === 'register') this.#handleRegister(reply, now);
    else if (tag === 'refresh') this.#handleRefresh(reply, now);
    else if (tag === 'bind') this.#handleRelay(reply, now);
    else if (tag === 'former') this.channel.settle(tag);
    else if (reply.kind === 'error') {
      // The server does not know whom we answered: see whether it still knows us.
      this.channel.settle(tag);
      this.refresh(now);
    }
  }

  #register(now: Instant): void {
    const { hello, isOpen = false } = this.#options;
    const ownerSecret = this.#ownerSecret;
    // After a restart of the server: the old nameplate is what the code says.
    const wanted = this.#registration?.nameplate ?? this.#options.nameplate ?? 0;
    this.channel.open(
      'register',
      {
        encode: (head) => encodeRegister(head, { ownerSecret, wanted, isOpen, hello }),
        first: FIRST_REPEAT,
        cap: this.#registration ? LONGEST_REPEAT : LONGEST_AWAITED_REPEAT,
        announcesDelivery: true,
      },
      now,
    );
  }

  #handleRegister(reply: Reply, now: Instant): void {
    if (reply.kind === 'registered') {
      this.channel.settle('register');
      this.admit();
      this.#leaveFormer(now);
      this.#note(reply.nameplate, reply.observed);
      this.channel.open('refresh', this.#refreshPlan(), now, REFRESH_EVERY);
      this.rebind(now);
    } else if (reply.kind === 'error' && !this.#registration) {
      if (reply.refusal === 'rate-limited') this.askLater('register', now);
      else this.fail(errorOfRefusal(reply, 'P2P_SENDER_OUTDATED'));
    }
  }

  /** Once: a server that is started again knows nothing of it. */
  #leaveFormer(now: Instant): void {
    const { former } = this.#options;
    if (former === undefined || this.#registration !== undefined) return;
    this.dismiss('former', { ...former, outcome: 'happy' }, now);
  }

  #handleRefresh(reply: Reply, now: Instant): void {
    if (reply.kind === 'refreshed' && this.#registration) {
      this.#note(this.#registration.nameplate, reply.observed);
      this.channel.reopen('refresh', now, REFRESH_EVERY);
    } else if (reply.kind === 'error') {
      this.channel.settle('refresh');
      this.#register(now);
    }
  }

  #handleRelay(reply: Reply, now: Instant): void {
    this.handleBind(reply, now);
    if (reply.kind === 'error' && FORGOTTEN.has(reply.refusal)) this.refresh(now);
  }

  #refreshPlan(): RequestPlan {
    const nameplate = this.#registration?.nameplate ?? 0;
    const ownerSecret = this.#ownerSecret;
    return {
      encode: (head) => encodeRefresh(head, { nameplate, ownerSecret }),
      first: FIRST_REPEAT,
      cap: LONGEST_REPEAT,
    };
  }

  #note(nameplate: number, observed: Endpoint): void {
    const before = this.#registration;
    this.#registration = { nameplate, observed };
    if (before?.nameplate === nameplate && sameEndpoint(before.observed, observed)) return;
    this.report({ kind: 'registered', nameplate, observed });
  }
}

/** What a restarted server says of a relay binding it no longer knows. */
const FORGOTTEN: ReadonlySet<Refusal> = new Set<Refusal>([
  'unknown-nameplate',
  'expired',
  'used',
  'burnt',
  'bad-secret',
]);

import type { ErrorCode } from '../errors.ts';
import type { Machine, Transmit } from '../machine.ts';
import type { Random } from '../ports.ts';
import { after, earliest, type Instant, millis } from '../time.ts';
import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import { MAX_BODY_BYTES, MAX_HELLO_BYTES, SECRET_BYTES } from './message.ts';
import { errorOfRefusal, type Refusal } from './refusal.ts';
import { RelayBinding, type RelayEvent, rebind } from './relay-binding.ts';
import type { Reply } from './replies.ts';
import {
  type Answer,
  type DialEvent,
  RequestChannel,
  type RequestPlan,
  type ServerAccess,
} from './request-channel.ts';
import {
  encodeClose,
  encodePost,
  encodeRefresh,
  encodeRegister,
  type Outcome,
} from './requests.ts';

export type HostEvent =
  /** Again with another nameplate or endpoint when the server forgot us or our address changed. */
  | { readonly kind: 'registered'; readonly nameplate: number; readonly observed: Endpoint }
  | {
      readonly kind: 'message';
      readonly claimId: Uint8Array;
      readonly body: Uint8Array;
      /** Where the server saw the claimant; `undefined` when it does not say. */
      readonly peer: Endpoint | undefined;
    }
  | RelayEvent
  | DialEvent
  /** At most once, and only before the first `registered`. */
  | { readonly kind: 'failed'; readonly code: ErrorCode };

export interface RendezvousHostOptions extends ServerAccess {
  /** At most 256 bytes, which every claimant gets. */
  readonly hello: Uint8Array;
  readonly random: Random;
  /** Whether guests are expected one after the other; false when absent. */
  readonly isOpen?: boolean;
  /** Asked for; the server may choose another. */
  readonly nameplate?: number;
  /** 16 bytes; random when absent. Given, it finds a registration of an earlier process again. */
  readonly ownerSecret?: Uint8Array;
}

const FIRST_REPEAT = millis(250);
const LONGEST_REPEAT = millis(4000);
/** For the first REGISTER: a person waits, and 15 s must mean more than bad luck at 30 % loss. */
const LONGEST_FIRST_REPEAT = millis(1000);
const UNREACHABLE_AFTER = millis(15_000);
/** RFC 4787 REQ-5 lets no UDP mapping die before two minutes; many do after 30 s. */
const REFRESH_EVERY = millis(15_000);
const CLOSE_ATTEMPTS = 4;
/** Replies that may still need a new address token, more than a handshake has claims. */
const RECENT_REPLIES = 8;

/** The sender's side: keeps a nameplate registered and answers claims. */
export class RendezvousHost implements Machine<HostEvent> {
  readonly #options: RendezvousHostOptions;
  readonly #channel: RequestChannel;
  readonly #ownerSecret: Uint8Array;
  readonly #unreachableAt: Instant;
  readonly #events: HostEvent[] = [];
  #state: 'open' | 'closing' | 'ended' = 'open';
  #registration: { readonly nameplate: number; readonly observed: Endpoint } | undefined;
  #binding: RelayBinding | undefined;
  #replies = 0;

  constructor(options: RendezvousHostOptions, now: Instant) {
    if (options.hello.length > MAX_HELLO_BYTES) throw new Error('unreachable: hello too long');
    this.#options = options;
    this.#channel = new RequestChannel(options);
    this.#ownerSecret = options.ownerSecret ?? options.random.bytes(SECRET_BYTES);
    this.#unreachableAt = after(now, UNREACHABLE_AFTER);
    this.#register(now);
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

  /** Posts a body to one claimant, once: it posts again until it is answered. */
  reply(claimId: Uint8Array, body: Uint8Array, now: Instant): void {
    if (body.length > MAX_BODY_BYTES) throw new Error('unreachable: body too long');
    const nameplate = this.#registration?.nameplate;
    if (this.#state !== 'open' || nameplate === undefined) return;
    const fields = { nameplate, claimId, secret: this.#ownerSecret, body };
    this.#replies += 1;
    this.#channel.open(
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
    if (this.#state !== 'open') return;
    const secret = this.#ownerSecret;
    const bind = () => ({ ...fields, secret, nameplate: this.#registration?.nameplate ?? 0 });
    this.#binding = new RelayBinding(this.#channel, bind, now);
  }

  /** Asks at once whether the server still knows us, which also tells it where we are. */
  refresh(now: Instant): void {
    if (this.#channel.has('refresh')) this.#channel.open('refresh', this.#refreshPlan(), now);
  }

  /** Gives the nameplate up. After `happy` or `failed` its code is good for nobody any more. */
  close(outcome: Outcome, now: Instant): void {
    if (this.#state !== 'open') return;
    this.#channel.clear();
    const nameplate = this.#registration?.nameplate;
    this.#state = nameplate === undefined ? 'ended' : 'closing';
    if (nameplate === undefined) return;
    const secret = this.#ownerSecret;
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
    if (this.#state === 'closing' && !this.#channel.has('close')) this.#state = 'ended';
    this.#considerDial(now);
  }

  pollTransmit(): Transmit | undefined {
    return this.#channel.pollTransmit();
  }

  pollEvent(): HostEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    const isWaiting = this.#state === 'open' && !this.#channel.hasAnswer;
    return earliest(this.#channel.pollTimeout(), isWaiting ? this.#unreachableAt : undefined);
  }

  #considerDial(now: Instant): void {
    if (this.#state === 'open' && this.#channel.takeDial(now)) this.#events.push({ kind: 'dial' });
  }

  #register(now: Instant): void {
    const { hello, isOpen = false } = this.#options;
    const ownerSecret = this.#ownerSecret;
    // After a restart of the server: the old nameplate is what the code says.
    const wanted = this.#registration?.nameplate ?? this.#options.nameplate ?? 0;
    this.#channel.open(
      'register',
      {
        encode: (head) => encodeRegister(head, { ownerSecret, wanted, isOpen, hello }),
        first: FIRST_REPEAT,
        cap: this.#registration ? LONGEST_REPEAT : LONGEST_FIRST_REPEAT,
        announcesDelivery: true,
      },
      now,
    );
  }

  #handleAnswer({ tag, reply }: Answer, now: Instant): void {
    if (this.#state === 'closing') {
      if (tag === 'close') this.#end();
    } else if (reply.kind === 'deliver') this.#handleDelivery(reply);
    else if (tag === 'register') this.#handleRegister(reply, now);
    else if (tag === 'refresh') this.#handleRefresh(reply, now);
    else if (tag === 'bind') this.#handleBind(reply, now);
    else if (reply.kind === 'error') {
      // The server does not know whom we answered: see whether it still knows us.
      this.#channel.settle(tag);
      this.refresh(now);
    }
  }

  #handleDelivery({ claimId, body, peer }: Extract<Reply, { kind: 'deliver' }>): void {
    const known = peer.port === 0 ? undefined : peer;
    this.#events.push({ kind: 'message', claimId, body, peer: known });
  }

  #handleRegister(reply: Reply, now: Instant): void {
    if (reply.kind === 'registered') {
      this.#channel.settle('register');
      this.#note(reply.nameplate, reply.observed);
      this.#channel.open('refresh', this.#refreshPlan(), now, REFRESH_EVERY);
      rebind(this.#channel, now);
    } else if (reply.kind === 'error' && !this.#registration) {
      this.#fail(errorOfRefusal(reply, 'P2P_SENDER_OUTDATED'));
    }
  }

  #handleRefresh(reply: Reply, now: Instant): void {
    if (reply.kind === 'refreshed' && this.#registration) {
      this.#note(this.#registration.nameplate, reply.observed);
      this.#channel.reopen('refresh', now, REFRESH_EVERY);
    } else if (reply.kind === 'error') {
      this.#channel.settle('refresh');
      this.#register(now);
    }
  }

  #handleBind(reply: Reply, now: Instant): void {
    const event = this.#binding?.handle(reply, now);
    if (event) this.#events.push(event);
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
    this.#events.push({ kind: 'registered', nameplate, observed });
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

/** What a restarted server says of a relay binding it no longer knows. */
const FORGOTTEN: ReadonlySet<Refusal> = new Set<Refusal>([
  'unknown-nameplate',
  'expired',
  'used',
  'burnt',
  'bad-secret',
]);

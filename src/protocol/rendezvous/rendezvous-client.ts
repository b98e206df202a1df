import type { ErrorCode } from '../errors.ts';
import type { Machine, Transmit } from '../machine.ts';
import type { Random } from '../ports.ts';
import { after, earliest, type Instant, millis } from '../time.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { RelayBinding, type RelayEvent } from './relay-binding.ts';
import type { Reply } from './replies.ts';
import {
  type Answer,
  type DialEvent,
  RequestChannel,
  type ServerAccess,
} from './request-channel.ts';
import { type BindFields, type CloseFields, encodeClose, type Outcome } from './requests.ts';

/** What either side says of its server. */
export type ClientEvent =
  | RelayEvent
  | DialEvent
  /** The server lets our address begin no more for now, and is asked again; once. */
  | { readonly kind: 'rate-limited' }
  /** At most once; the rendezvous is over, a session that already runs is not concerned. */
  | { readonly kind: 'failed'; readonly code: ErrorCode };

export interface ClientOptions extends ServerAccess {
  readonly random: Random;
}

/** What a server keeps for one side, and by which secret. */
export type Kept = Omit<CloseFields, 'outcome'>;

export type Delivery = Extract<Reply, { kind: 'deliver' }>;

/** The first repetition of a request, and the longest pause before a later one. */
export const FIRST_REPEAT = millis(250);
export const LONGEST_REPEAT = millis(4000);
/** The longest while a person waits: 15 s must mean more than bad luck at 30 % loss. */
export const LONGEST_AWAITED_REPEAT = millis(1000);
const UNREACHABLE_AFTER = millis(15_000);
const CLOSE_ATTEMPTS = 4;
/** A server that lets an address begin ten transfers a minute lets it begin the next one after so long. */
const LIMITED_REPEAT = millis(6000);
/** Twenty more of one address get in meanwhile. */
const LIMITED_PATIENCE = millis(120_000);

/** What both sides of a rendezvous have in common: one server, until it is closed or given up. */
export abstract class RendezvousClient<E> implements Machine<E | ClientEvent> {
  protected readonly channel: RequestChannel;
  readonly #unreachableAt: Instant;
  /** How long a server is asked again that lets our address begin no more; until it does. */
  #limitedUntil: Instant | undefined;
  readonly #events: (E | ClientEvent)[] = [];
  #state: 'open' | 'closing' | 'ended' = 'open';
  #binding: RelayBinding | undefined;

  protected constructor(options: ClientOptions, now: Instant) {
    this.channel = new RequestChannel(options);
    this.#unreachableAt = after(now, UNREACHABLE_AFTER);
  }

  /** The endpoints of the server by which it is, or may be, spoken to. */
  get ways(): Endpoint[] {
    return this.channel.ways;
  }

  /** Whether a relay was asked for, and the server has as many as it grants. */
  get isRelayBusy(): boolean {
    return this.#binding?.isBusy === true;
  }

  /** A connection to the server is open, as `dial` asked. */
  addWay(way: Endpoint, now: Instant): void {
    this.channel.addWay(way, now);
  }

  /** A connection could not be opened, or is closed. */
  endWay(way: Endpoint, now: Instant): void {
    this.channel.endWay(way, now);
  }

  /** Packets that were no answer to anything. */
  get ignored(): number {
    return this.channel.ignored;
  }

  /** Nothing more will come of this: it failed, or CLOSE was answered or given up. */
  get ended(): boolean {
    return this.#state === 'ended';
  }

  /**
   * Gives up what the server keeps for us. A nameplate is good for nobody any more after `happy` or
   * `failed`; a claim of it stays counted, for three are all that it takes.
   */
  close(outcome: Outcome, now: Instant): void {
    if (!this.isOpen) return;
    this.channel.clear();
    const kept = this.kept();
    this.#state = kept === undefined ? 'ended' : 'closing';
    if (kept !== undefined) this.dismiss('close', { ...kept, outcome }, now);
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    for (const answer of this.channel.handleBatch(batch, remote, now)) {
      if (this.#state === 'closing') {
        if (answer.tag === 'close') this.#end();
      } else if (answer.reply.kind === 'deliver') this.handleDelivery(answer.reply);
      else this.handleAnswer(answer, now);
    }
  }

  handleTimeout(now: Instant): void {
    if (this.#isWaiting && now >= this.#unreachableAt) this.fail('P2P_SERVER_UNREACHABLE');
    // Also where it is silent by then: nothing else bounds that wait.
    if (now >= (this.#busyAt ?? Infinity)) this.fail('P2P_SERVER_BUSY');
    this.channel.handleTimeout(now);
    if (this.#state === 'closing' && !this.channel.has('close')) this.#end();
    this.considerDial(now);
  }

  pollTransmit(): Transmit | undefined {
    return this.channel.pollTransmit();
  }

  pollEvent(): E | ClientEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    const unreachableAt = this.#isWaiting ? this.#unreachableAt : undefined;
    return earliest(this.channel.pollTimeout(), unreachableAt, this.#busyAt);
  }

  /** What the server keeps for this side; `undefined` as far as we know nothing. */
  protected abstract kept(): Kept | undefined;

  protected abstract handleDelivery(delivery: Delivery): void;

  /** Takes the answer to a request of this side, while it is open. */
  protected abstract handleAnswer(answer: Answer, now: Instant): void;

  protected get isOpen(): boolean {
    return this.#state === 'open';
  }

  protected report(event: E | ClientEvent): void {
    this.#events.push(event);
  }

  protected fail(code: ErrorCode): void {
    this.#end();
    this.report({ kind: 'failed', code });
  }

  /** Asks the same again after a while, until `admit` or for as long as that is worth the wait. */
  protected askLater(tag: string, now: Instant): void {
    if (this.#limitedUntil === undefined) this.report({ kind: 'rate-limited' });
    this.#limitedUntil ??= after(now, LIMITED_PATIENCE);
    this.channel.reopen(tag, now, this.channel.jittered(LIMITED_REPEAT));
  }

  /** The server has let us begin. */
  protected admit(): void {
    this.#limitedUntil = undefined;
  }

  /** Asks for a connection to the server, if it is time for one. */
  protected considerDial(now: Instant): void {
    if (this.isOpen && this.channel.takeDial(now)) this.report({ kind: 'dial' });
  }

  /** Tells the server to keep something no longer, a few times. */
  protected dismiss(tag: string, fields: CloseFields, now: Instant): void {
    this.channel.open(
      tag,
      {
        encode: (head) => encodeClose(head, fields),
        first: FIRST_REPEAT,
        cap: LONGEST_REPEAT,
        attempts: CLOSE_ATTEMPTS,
      },
      now,
    );
  }

  /** Binds our side of a relay, and keeps it bound; `fields` is asked at every sending. */
  protected bind(fields: () => BindFields, now: Instant): void {
    if (this.isOpen) this.#binding = new RelayBinding(this.channel, fields, now);
  }

  /** Binds once more at once, if there is anything to bind: the server may have forgotten it. */
  protected rebind(now: Instant): void {
    this.#binding?.repeat(now);
  }

  protected handleBind(reply: Reply, now: Instant): void {
    const event = this.#binding?.handle(reply, now);
    if (event) this.report(event);
  }

  get #isWaiting(): boolean {
    return this.isOpen && !this.channel.hasAnswer;
  }

  /** When a server that lets our address begin no more is given up. */
  get #busyAt(): Instant | undefined {
    return this.isOpen ? this.#limitedUntil : undefined;
  }

  #end(): void {
    this.#state = 'ended';
    this.channel.clear();
  }
}

import { type Instant, millis } from '../time.ts';
import type { Refusal } from './refusal.ts';
import type { Reply } from './replies.ts';
import type { RequestChannel } from './request-channel.ts';
import { type BindFields, encodeBind } from './requests.ts';

export type RelayEvent =
  | { readonly kind: 'relay-bound'; readonly paired: boolean }
  /** The server relays nothing, not for this address, or our relay tokens differ. */
  | { readonly kind: 'relay-refused' };

const FIRST_REPEAT = millis(250);
const LONGEST_REPEAT = millis(4000);
/** While the other side is missing, so that we learn soon of its coming. */
const UNPAIRED_EVERY = millis(1000);
/** Keeps the allocation and every NAT on the way: RFC 8445 §11 asks for 15 s. */
const KEEPALIVE = millis(15_000);

/** Keeps one side of a relay bound by repeating BIND. */
export class RelayBinding {
  readonly #channel: RequestChannel;
  readonly #fields: () => BindFields;
  #paired: boolean | undefined;
  #isBusy = false;

  /** `fields` is asked at every sending: a nameplate may change. */
  constructor(channel: RequestChannel, fields: () => BindFields, now: Instant) {
    this.#channel = channel;
    this.#fields = fields;
    channel.open(
      'bind',
      {
        encode: (head) => encodeBind(head, this.#fields()),
        first: FIRST_REPEAT,
        cap: LONGEST_REPEAT,
      },
      now,
    );
  }

  /** Whether the server has as many relays as it grants: it may have room later. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Takes the answer to a BIND, and yields what is new about it. */
  handle(reply: Reply, now: Instant): RelayEvent | undefined {
    this.#isBusy = reply.kind === 'error' && reply.refusal === 'busy';
    if (reply.kind === 'bound') {
      this.#channel.reopen('bind', now, reply.paired ? KEEPALIVE : UNPAIRED_EVERY);
      return this.#tell(reply.paired);
    }
    return reply.kind === 'error' ? this.#handleRefusal(reply.refusal, now) : undefined;
  }

  /** Binds once more at once, unless it was refused: the server may have forgotten it. */
  repeat(now: Instant): void {
    this.#channel.reopen('bind', now, millis(0));
  }

  #handleRefusal(refusal: Refusal, now: Instant): RelayEvent | undefined {
    if (refusal === 'relay-refused') {
      this.#channel.settle('bind');
      return { kind: 'relay-refused' };
    }
    // Busy, or a server that forgot us: somebody else's to repair, ours to try again.
    this.#channel.reopen('bind', now, refusal === 'busy' ? LONGEST_REPEAT : UNPAIRED_EVERY);
    return this.#paired === undefined ? undefined : this.#tell(false);
  }

  #tell(paired: boolean): RelayEvent | undefined {
    if (this.#paired === paired) return undefined;
    this.#paired = paired;
    return { kind: 'relay-bound', paired };
  }
}

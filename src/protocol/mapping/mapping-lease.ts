import { after, earliest, type Instant, type Millis, millis } from '../time.ts';
import type { MappingProtocol } from './mapping-protocol.ts';

/** Five minutes: long enough to be asked for rarely, short enough that what we leave behind ends soon. */
export const LEASE_S = 300;
/** RFC 6886 §3.1: 250 ms, then twice as late each time. Six times in all, 16 s. */
const FIRST_REPEAT: Millis = millis(250);
const ATTEMPTS = 6;
/** At the end nobody waits for long. */
const RELEASE_ATTEMPTS = 3;
/** A router that grants less than this would have to be asked all the time, or is not in its right mind. */
const SHORTEST_LIFE: Millis = millis(20_000);

type State =
  | { readonly kind: 'asking' | 'releasing'; readonly attempts: number; readonly nextAt: Instant }
  | { readonly kind: 'held'; readonly renewAt: Instant }
  | { readonly kind: 'over' };

/** One mapping by one protocol: asked for, renewed at half its life, and ended. */
export class MappingLease {
  readonly protocol: MappingProtocol;
  #state: State;
  #port: number | undefined;
  readonly #wanted: number;
  /** When the mapping that there is ends by itself. */
  #endsAt: Instant | undefined;
  readonly #outbox: Uint8Array[] = [];

  constructor(protocol: MappingProtocol, wantedPort: number, now: Instant) {
    this.protocol = protocol;
    this.#wanted = wantedPort;
    this.#state = { kind: 'asking', attempts: 0, nextAt: now };
    this.handleTimeout(now);
  }

  /** The public port at which everybody may come in, as long as there is one. */
  get port(): number | undefined {
    return this.#port;
  }

  /** Nothing is asked any more, and nothing is held. */
  get isOver(): boolean {
    return this.#state.kind === 'over';
  }

  /** Takes a datagram of the gateway; whether it was an answer to this lease. */
  handleDatagram(datagram: Uint8Array, now: Instant): boolean {
    const reply = this.protocol.reply(datagram);
    if (reply === undefined) return false;
    if (this.#state.kind === 'releasing') this.#end();
    if (this.#state.kind !== 'asking') return true;
    if (reply === 'refused' || reply.port === 0 || reply.lifetime < SHORTEST_LIFE) this.#end();
    else {
      const lifetime = millis(Math.min(reply.lifetime, LEASE_S * 1000));
      this.#port = reply.port;
      this.#endsAt = after(now, lifetime);
      this.#state = { kind: 'held', renewAt: after(now, millis(lifetime / 2)) };
    }
    return true;
  }

  handleTimeout(now: Instant): void {
    if (this.#endsAt !== undefined && now >= this.#endsAt) this.#lose();
    const state = this.#state;
    if (state.kind === 'held' && now >= state.renewAt) this.#ask('asking', 0, now);
    if (state.kind !== 'asking' && state.kind !== 'releasing') return;
    if (now < state.nextAt) return;
    const most = state.kind === 'asking' ? ATTEMPTS : RELEASE_ATTEMPTS;
    if (state.attempts < most) this.#ask(state.kind, state.attempts, now);
    else this.#end();
  }

  /** Ends the mapping, if there is one. */
  release(now: Instant): void {
    if (this.#state.kind === 'releasing') return;
    const isHeld = this.#port !== undefined;
    if (this.#state.kind === 'over' && !isHeld) return;
    this.#ask('releasing', 0, now);
    // What was asked and never answered may have been granted all the same. It is said once, and not
    // waited for: most routers that are silent know nothing of this protocol.
    if (!isHeld) this.#end();
  }

  /** The next datagram for the gateway. */
  poll(): Uint8Array | undefined {
    return this.#outbox.shift();
  }

  pollTimeout(): Instant | undefined {
    const state = this.#state;
    if (state.kind === 'over') return undefined;
    const next = state.kind === 'held' ? state.renewAt : state.nextAt;
    return earliest(next, this.#endsAt);
  }

  #ask(kind: 'asking' | 'releasing', attempts: number, now: Instant): void {
    const lifetimeS = kind === 'asking' ? LEASE_S : 0;
    this.#outbox.push(this.protocol.request({ lifetimeS, port: this.#port ?? this.#wanted }));
    const nextAt = after(now, millis(FIRST_REPEAT * 2 ** attempts));
    this.#state = { kind, attempts: attempts + 1, nextAt };
  }

  #lose(): void {
    this.#port = undefined;
    this.#endsAt = undefined;
  }

  #end(): void {
    this.#lose();
    this.#state = { kind: 'over' };
  }
}

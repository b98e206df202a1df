import { P2PShareError } from '../../protocol/errors.ts';
import type { RateCap } from '../../protocol/transport/rate-cap.ts';
import type { ReceiverEvent, TransferEvent } from '../api/events.ts';
import type { SendOptions } from '../api/options.ts';
import type { TransferHandle, TransferResult } from '../api/transfer-handle.ts';
import { type Attempt, Attempts } from '../attempts/attempts.ts';
import { isSearching } from '../attempts/phases.ts';
import { afterPatience } from '../session/patience.ts';
import { asSourceError } from '../source/file-reader.ts';
import type { Source } from '../source/source.ts';
import type { SendTicket } from '../tickets/ticket.ts';
import type { TicketKeeper } from '../tickets/ticket-keeper.ts';
import { ReceptionRun } from './reception-run.ts';
import { type Door, Rescues, reunionAttempt } from './sender-attempts.ts';
import { Sending, type SendKeeper } from './sending.ts';

/** Each has a registration at the server, which grants twenty to one address: some are for coming back. */
const MAX_AT_ONCE = 12;
/** Who has proved the code is on its way to its own session, and comes within seconds or has died. */
const COMES_WITHIN_MS = 45_000;

interface SeveralParts {
  readonly handle: TransferHandle;
  readonly keeper: TicketKeeper<SendTicket>;
  readonly source: Source;
  readonly cap: RateCap | undefined;
}

/**
 * One thing for several receivers: who comes to the reception is served by a session of its own, and
 * what becomes of one is nothing to the others.
 */
export class SeveralReceivers {
  readonly #options: SendOptions;
  readonly #parts: SeveralParts;
  readonly #expected: number;
  readonly #reception: ReceptionRun;
  /** Those who are being served. */
  readonly #active = new Map<number, Served>();
  readonly #ends = new Set<Promise<void>>();
  #came = 0;
  /** Places that were given at the reception, taken or not. */
  #places: number;
  #served: number;
  /** Those who had come to a process before this one, and not yet to this one. */
  #unseen: number;
  /** Whether those who end now are to be met again by the next process. */
  #hasLeft = false;
  /** Why we have left of ourselves. */
  #failure: P2PShareError | undefined;
  #bytes = 0;
  #travelledBytes = 0;
  #usesRelay = false;
  #startedAt: number | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(options: SendOptions, receivers: number, parts: SeveralParts) {
    this.#options = options;
    this.#parts = parts;
    const { handle, keeper } = parts;
    this.#served = keeper.ticket.served ?? 0;
    this.#unseen = keeper.ticket.unserved ?? 0;
    this.#expected = receivers;
    this.#places = this.#wanted;
    this.#reception = new ReceptionRun(options, {
      keeper,
      emit: (event) => handle.emit(event),
      receivers,
      places: this.#places,
      onReceived: (secret) => this.#onReceived(secret),
    });
  }

  /** Resolves when all have everything that were expected; rejects when not so many will come. */
  async run(): Promise<TransferResult> {
    const { signal } = this.#options;
    const leave = () => this.#leave();
    signal?.addEventListener('abort', leave, { once: true });
    if (signal?.aborted) leave();
    this.#wait();
    this.#parts.source.prepare().catch((error: unknown) => {
      if (this.#came === 0) this.#reception.abort(asSourceError(error));
    });
    try {
      await this.#reception.run();
    } catch (error) {
      // Nobody else can come; those who have are served all the same.
      await this.#allEnds();
      if (this.#served < this.#expected) throw this.#failure ?? error;
    } finally {
      await this.#allEnds();
      clearTimeout(this.#patience);
      signal?.removeEventListener('abort', leave);
    }
    const ms = Math.round(performance.now() - (this.#startedAt ?? performance.now()));
    const path = this.#usesRelay ? 'relay' : 'direct';
    const [bytes, travelledBytes] = [this.#bytes, this.#travelledBytes];
    return { files: this.#options.paths, bytes, travelledBytes, ms, path };
  }

  /** How many more there may be at once. */
  get #wanted(): number {
    const present = this.#all.filter(({ isMissing }) => !isMissing).length;
    return Math.max(0, Math.min(MAX_AT_ONCE, this.#expected - this.#served) - present);
  }

  get #all(): Served[] {
    return [...this.#active.values()];
  }

  /**
   * How many would miss us: those who are being served, and those who were by a process that died and are
   * not back yet.
   */
  get #unserved(): number {
    return this.#unseen + this.#active.size;
  }

  /** Where somebody misses us the code stays, for us to be found under it again. */
  #leave(): void {
    const isMissed = this.#unserved > 0;
    this.#hasLeft = true;
    this.#parts.keeper.miss(isMissed);
    for (const { control } of this.#all) control.abort();
    this.#reception.leave(isMissed);
  }

  #onReceived(secret: Uint8Array): void {
    this.#came += 1;
    this.#startedAt ??= performance.now();
    const number = this.#came;
    const control = new AbortController();
    this.#active.set(number, { control, isMissing: false });
    if (this.#unseen > 0) this.#unseen -= 1;
    this.#onChange();
    const end = this.#serve(number, secret, control.signal).then(
      (result) => this.#tell(number, doneOf(result)),
      (error) => this.#tell(number, failedOf(error)),
    );
    const gone = end.finally(() => {
      this.#ends.delete(gone);
      this.#active.delete(number);
      this.#onChange();
    });
    this.#ends.add(gone);
  }

  async #serve(number: number, secret: Uint8Array, signal: AbortSignal): Promise<TransferResult> {
    const keeper = this.#keeperFor();
    const attempt =
      (door: Door, timeoutMs: number | undefined): Attempt =>
      (course, ended) => {
        const parts = { course, source: this.#parts.source, keeper, door, cap: this.#parts.cap };
        return new Sending(this.#options, parts).run(ended, timeoutMs);
      };
    const untilMs = performance.now() + COMES_WITHIN_MS;
    const rescues = new Rescues(attempt);
    const attempts = new Attempts({
      first: [reunionAttempt(attempt, { past: 'restarted', secret, untilMs })],
      rescue: () => [rescues.next(secret)],
      keep: async () => undefined,
      emit: (event) => this.#tell(number, event),
      signal,
    });
    const result = await attempts.run();
    this.#bytes += result.bytes;
    this.#travelledBytes += result.travelledBytes;
    this.#usesRelay ||= result.path === 'relay';
    return result;
  }

  /** A receiver is noted as served before it is dismissed: after that it does not come again. */
  #keeperFor(): SendKeeper {
    const { keeper } = this.#parts;
    let isServed = false;
    return {
      ticket: keeper.ticket,
      change: async ({ offer }) => {
        if (offer !== undefined) await keeper.change({ offer });
      },
      forget: async () => {
        if (isServed) return;
        isServed = true;
        this.#served += 1;
        if (this.#served < this.#expected) await keeper.change({ served: this.#served });
        else await keeper.forget();
      },
      // What is nothing to one may be something to the others.
      endWithProcess: () => undefined,
    };
  }

  /** Tells what is of one receiver; where we are to be found is told of the reception alone. */
  #tell(receiver: number, event: TransferEvent): void {
    if (event.event === 'code' || isSearching(event)) return;
    const state = this.#active.get(receiver);
    const isMissing = event.event === 'status' && event.phase === 'reconnecting';
    if (state !== undefined && state.isMissing !== isMissing) {
      state.isMissing = isMissing;
      this.#onChange();
    }
    this.#parts.handle.emit({ ...event, receiver });
  }

  #onChange(): void {
    const { keeper } = this.#parts;
    const unserved = this.#unserved;
    const isNews = unserved !== (keeper.ticket.unserved ?? 0);
    if (isNews && !this.#hasLeft) void keeper.change({ unserved });
    for (let free = this.#places - this.#came; free < this.#wanted; free += 1) {
      this.#places += 1;
      this.#reception.makeRoom();
    }
    if (this.#served >= this.#expected) this.#finish();
    else this.#wait();
  }

  /** Who is here may stay to the end; who is not does not come any more. */
  #finish(): void {
    this.#reception.finish();
    for (const { control, isMissing } of this.#all) if (isMissing) control.abort();
  }

  /** Somebody has to come in time, while nobody is here. */
  #wait(): void {
    const { timeoutMs } = this.#options;
    clearTimeout(this.#patience);
    if (timeoutMs === undefined || this.#active.size > 0) return;
    this.#patience = afterPatience(timeoutMs, () => this.#giveUp(timeoutMs));
  }

  #giveUp(timeoutMs: number): void {
    const isEnough = this.#expected === Number.POSITIVE_INFINITY && this.#served > 0;
    const failure = new P2PShareError('P2P_TIMEOUT', `nobody within ${timeoutMs} ms`);
    if (isEnough) this.#finish();
    else if (this.#unserved === 0) this.#reception.abort(failure);
    else {
      this.#failure = failure;
      this.#leave();
    }
  }

  async #allEnds(): Promise<void> {
    while (this.#ends.size > 0) await Promise.all(this.#ends);
  }
}

interface Served {
  readonly control: AbortController;
  /** Whether it is not heard just now. */
  isMissing: boolean;
}

function doneOf({ bytes, travelledBytes, ms, path }: TransferResult): ReceiverEvent {
  return { event: 'receiver', state: 'done', bytes, travelledBytes, ms, path };
}

function failedOf(error: unknown): ReceiverEvent {
  const isOurs = error instanceof P2PShareError;
  const code = isOurs ? error.code : 'P2P_PROTOCOL';
  return {
    event: 'receiver',
    state: 'failed',
    code,
    message: isOurs ? error.message : String(error),
    ...(isOurs && error.by && { by: error.by }),
  };
}

import type { Instant } from '../../protocol/time.ts';
import type { StatusEvent, SteadyPhase, TransferEvent, TransferPhase } from '../api/events.ts';

/** How often somebody who waits is told for how long. */
const TELL_EVERY_MS = 1000;
/** What is done sooner need not be told. */
const MOMENT_MS = 1000;

/** What a transfer is doing, and that it waits whenever the other side is not heard. */
export class Phases {
  readonly #emit: (event: TransferEvent) => void;
  readonly #now: () => Instant;
  #phase: SteadyPhase | undefined;
  #clock: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor(emit: (event: TransferEvent) => void, now: () => Instant) {
    this.#emit = emit;
    this.#now = now;
  }

  /** Whether the other side is missing. */
  get isWaiting(): boolean {
    return this.#clock !== undefined;
  }

  enter(phase: SteadyPhase): void {
    clearTimeout(this.#soon);
    if (phase === this.#phase) return;
    this.#phase = phase;
    // It is told when the other side is back: until then that is what is waited for.
    if (!this.isWaiting) this.#emit({ event: 'status', phase });
  }

  /** Enters a phase in a moment, unless another one is entered before. */
  enterSoon(phase: SteadyPhase): void {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.enter(phase), MOMENT_MS);
  }

  /** Enters a phase if the work takes more than a moment, and is not over by then; yields its outcome. */
  async during<T>(phase: SteadyPhase, work: Promise<T>, over: AbortSignal): Promise<T> {
    const clock = setTimeout(() => {
      if (!over.aborted) this.enter(phase);
    }, MOMENT_MS);
    try {
      return await work;
    } finally {
      clearTimeout(clock);
    }
  }

  /** Nothing has been heard since `since`; it will be waited until `until`. */
  wait(since: Instant, until: Instant): void {
    const tell = () => this.#emit(reconnecting(since, until, this.#now()));
    this.close();
    this.#clock = setInterval(tell, TELL_EVERY_MS);
    tell();
  }

  resume(): void {
    if (!this.isWaiting) return;
    this.close();
    if (this.#phase !== undefined) this.#emit({ event: 'status', phase: this.#phase });
  }

  close(): void {
    clearTimeout(this.#soon);
    clearInterval(this.#clock);
    this.#clock = undefined;
  }
}

function reconnecting(since: Instant, until: Instant, now: Instant): StatusEvent {
  const silentMs = Math.round(now - since);
  const remainingMs = Math.max(0, Math.round(until - now));
  return { event: 'status', phase: 'reconnecting', silentMs, remainingMs };
}

const SEARCHING: ReadonlySet<TransferPhase> = new Set<TransferPhase>([
  'finding-server',
  'waiting-for-server',
  'waiting-for-peer',
]);

/** Whether the other side is still being looked for. */
export function isSearching(event: TransferEvent): boolean {
  if (event.event !== 'status') return false;
  return SEARCHING.has(event.phase);
}

import { P2PShareError } from '../../protocol/errors.ts';
import type { TransferEvent } from '../api/events.ts';
import type { TransferResult } from '../api/transfer-handle.ts';

/** What an attempt tells of its course. */
export interface AttemptCourse {
  emit(event: TransferEvent): void;
  /**
   * The peer is met, and the other attempts have to give way. Resolves when the one before has, and
   * the secret (32 bytes; absent where an older one stays) is kept. Rejects when another was faster.
   */
  met(resumeSecret?: Uint8Array): Promise<void>;
  /** The peer is not heard any more, or not yet: others may look for it. */
  lost(): void;
  /** It is heard again. */
  found(): void;
}

/** One session of a transfer: runs to its end, and ends early, with `reason`, when `signal` says so. */
export type Attempt = (course: AttemptCourse, signal: AbortSignal) => Promise<TransferResult>;

/** Why an attempt ends without a goodbye: its peer is not there any more, and another one goes on. */
export const GIVES_WAY: P2PShareError = new P2PShareError('P2P_CANCELLED', 'another one goes on');

/** Why a session with the reception of a sender of several ends: that sender is met elsewhere. */
export const MOVES_ON: P2PShareError = new P2PShareError('P2P_CANCELLED', 'it is met elsewhere');

export interface AttemptsOptions {
  /** Begun at once; of what happens before the peer is met, that of the first of them is told. */
  readonly first: readonly Attempt[];
  /** Begun while the peer of the running one is lost. */
  readonly rescue: () => readonly Attempt[];
  readonly keep: (resumeSecret: Uint8Array) => Promise<void>;
  readonly emit: (event: TransferEvent) => void;
  /** Ends all of them. */
  readonly signal: AbortSignal | undefined;
}

interface Running {
  readonly control: AbortController;
  ended: Promise<void>;
}

/**
 * A transfer over as many sessions as it takes: some look for the peer side by side until one has
 * met it, which then goes on alone; while its peer is lost, others look for it again.
 */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #seekers = new Set<Running>();
  /** The one that has met the peer. */
  #active: Running | undefined;
  /** Whether the peer of that is not heard. */
  #isLost = false;
  /** The one whose events are told. */
  #speaker: Running | undefined;
  #failure: unknown;
  #settle!: { resolve(result: TransferResult): void; reject(error: unknown): void };
  readonly #outcome = new Promise<TransferResult>((resolve, reject) => {
    this.#settle = { resolve, reject };
  });

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /** Resolves or rejects when the transfer is over, and everything of it closed. */
  async run(): Promise<TransferResult> {
    const { first, signal } = this.#options;
    const cancel = () => {
      for (const running of this.#all) running.control.abort();
    };
    signal?.addEventListener('abort', cancel, { once: true });
    for (const attempt of first) this.#begin(attempt);
    if (signal?.aborted) cancel();
    try {
      return await this.#outcome;
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#isLost = false;
      this.#stopSeekers();
      await Promise.all(this.#all.map(({ ended }) => ended));
    }
  }

  get #all(): Running[] {
    return this.#active === undefined ? [...this.#seekers] : [this.#active, ...this.#seekers];
  }

  #begin(attempt: Attempt): void {
    const control = new AbortController();
    const running: Running = { control, ended: Promise.resolve() };
    this.#seekers.add(running);
    this.#speaker ??= running;
    const course: AttemptCourse = {
      emit: (event) => {
        if (this.#speaker === running) this.#options.emit(event);
      },
      met: (resumeSecret) => this.#onMet(running, resumeSecret),
      lost: () => this.#onLost(running),
      found: () => this.#onFound(running),
    };
    running.ended = attempt(course, control.signal).then(
      (result) => this.#onDone(running, result),
      (error: unknown) => this.#onFailed(running, error),
    );
  }

  async #onMet(running: Running, resumeSecret: Uint8Array | undefined): Promise<void> {
    if (running.control.signal.aborted) throw GIVES_WAY;
    const before = this.#active;
    this.#seekers.delete(running);
    this.#active = running;
    this.#isLost = false;
    this.#speaker = running;
    this.#stopSeekers();
    if (before !== undefined && before !== running) {
      before.control.abort(GIVES_WAY);
      await before.ended;
    }
    if (resumeSecret !== undefined) await this.#options.keep(resumeSecret);
  }

  #onLost(running: Running): void {
    if (this.#active !== running) return;
    this.#isLost = true;
    this.#rescue();
  }

  #onFound(running: Running): void {
    if (this.#active !== running) return;
    this.#isLost = false;
    this.#stopSeekers();
  }

  /** Not before those that were stopped have ended: they would be at the same places. */
  #rescue(): void {
    const isOver = this.#active?.control.signal.aborted;
    if (isOver || !this.#isLost || this.#seekers.size > 0) return;
    for (const attempt of this.#options.rescue()) this.#begin(attempt);
  }

  #stopSeekers(): void {
    for (const { control } of this.#seekers) control.abort();
  }

  #onDone(running: Running, result: TransferResult): void {
    // Another one has more to say by now.
    if (running.control.signal.reason !== GIVES_WAY) this.#settle.resolve(result);
  }

  #onFailed(running: Running, error: unknown): void {
    this.#seekers.delete(running);
    // What the first one failed of says more than that others gave up.
    this.#failure ??= error;
    if (this.#active === running) this.#settle.reject(error);
    else if (this.#all.length === 0) this.#settle.reject(this.#failure);
    else if (running.control.signal.aborted) this.#rescue();
  }
}

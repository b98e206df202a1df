import type { Path } from '../candidate.ts';
import { elapsed, type Instant } from '../time.ts';
import type { CandidatePair } from './candidate-pair.ts';
import type { PathEvent } from './path-event.ts';
import { choosePath, followNomination } from './path-selection.ts';
import type { Standing } from './probe-schedule.ts';
import { timers } from './timers.ts';

/** RFC 8445 §6.1.1. Which side is which follows from the handshake, so they can never conflict. */
export type PathRole = 'controlling' | 'controlled';

/** Holds the pair in use, and why: chosen by us, nominated by the peer, or the last resort. */
export class PathSelector {
  readonly #role: PathRole;
  #selection: Selection | undefined;
  #nomination: { readonly pair: CandidatePair | undefined; readonly counter: number };

  constructor(role: PathRole) {
    this.#role = role;
    this.#nomination = { pair: undefined, counter: 0 };
  }

  /** The pair in use, working or lost. */
  get pair(): CandidatePair | undefined {
    return this.#selection?.pair;
  }

  /** Whether the pair in use has failed, and is only held on to because there is no other. */
  get isLost(): boolean {
    return this.#selection?.isLost === true;
  }

  get path(): Path | undefined {
    return this.#selection && pathOf(this.#selection.pair);
  }

  /** Whether probes of `pair` nominate it: all of the controlling side's on the path it uses. */
  isNominated(pair: CandidatePair): boolean {
    return this.#role === 'controlling' && pair === this.pair;
  }

  /** Whether a path that works and is no relay is in use. */
  get isDirect(): boolean {
    const selection = this.#selection;
    return selection !== undefined && !selection.isLost && selection.pair.kind !== 'relay';
  }

  standingOf(pair: CandidatePair): Standing {
    const selection = this.#selection;
    const directSelected = this.isDirect;
    if (selection?.pair !== pair) return { selected: false, nominating: false, directSelected };
    return { selected: true, nominating: selection.isNominating, directSelected };
  }

  /**
   * The peer nominates `pair` in its request number `counter`. Only newer requests count: an old
   * one, delayed or replayed, must not undo a later decision. The controlling side follows none.
   */
  nominate(pair: CandidatePair, counter: number): void {
    if (counter > this.#nomination.counter) this.#nomination = { pair, counter };
  }

  /** The peer has answered a probe that nominated `pair`. */
  nominationAnswered(pair: CandidatePair): void {
    if (this.#selection?.pair === pair) this.#selection.isNominating = false;
  }

  /**
   * The peer's packets come by a working pair that is not the one in use. If that one is silent,
   * the peer's address may have changed (RFC 9000 §9.3): it has to answer soon, or be left.
   */
  challenge(now: Instant): void {
    const selection = this.#selection;
    if (selection === undefined || selection.isLost) return;
    if (elapsed(selection.pair.heardAt, now) >= timers.doubt) selection.pair.doubt(now);
  }

  /** A nomination lasts no longer than what was nominated works; the peer repeats it if it meant it. */
  expired(pair: CandidatePair): void {
    if (this.#nomination.pair === pair) this.#nomination = { ...this.#nomination, pair: undefined };
  }

  /** Looks again at which pair to use; tells what has changed. */
  update(pairs: Iterable<CandidatePair>, now: Instant): PathEvent | undefined {
    const all = [...pairs];
    const working = all.filter((pair) => pair.state === 'succeeded');
    // Nobody moves to a doubted path, and nothing is lost before the doubts are settled.
    const known = working.filter((pair) => pair === this.pair || pair.doubtedAt === undefined);
    const chosen =
      this.#role === 'controlling'
        ? choosePath(this.pair, known)
        : followNomination(this.pair, known, this.#nomination.pair);
    if (chosen !== undefined) return this.#use(chosen, now);
    return working.length === 0 ? this.#lose(all) : undefined;
  }

  #use(pair: CandidatePair, now: Instant): PathEvent | undefined {
    const before = this.#selection;
    if (before?.pair === pair && !before.isLost) {
      if (before.kind === pair.kind) return undefined;
      before.kind = pair.kind;
    } else {
      const isNominating = this.#role === 'controlling';
      this.#selection = {
        pair,
        kind: pair.kind,
        isLost: false,
        isNominating,
      };
      if (isNominating) pair.hasten(now);
    }
    return { kind: 'selected', path: pathOf(pair) };
  }

  #lose(all: readonly CandidatePair[]): PathEvent | undefined {
    const selection = this.#selection;
    if (selection === undefined) return undefined;
    // The policy may have taken the pair away: then there is no last resort either.
    if (!all.includes(selection.pair)) this.#selection = undefined;
    if (selection.isLost) return undefined;
    selection.isLost = true;
    return { kind: 'lost', path: pathOf(selection.pair) };
  }
}

interface Selection {
  readonly pair: CandidatePair;
  /** What the pair was when it was last told about. */
  kind: CandidatePair['kind'];
  isLost: boolean;
  isNominating: boolean;
}

function pathOf(pair: CandidatePair): Path {
  return { kind: pair.kind, remote: pair.candidate.endpoint, rttMs: pair.rtt ?? 0 };
}

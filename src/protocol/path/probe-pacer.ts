import { after, type Instant } from '../time.ts';
import type { CandidatePair } from './candidate-pair.ts';
import { limits } from './limits.ts';
import { timers } from './timers.ts';

/** A pair and when its next probe is due. */
export interface DueProbe {
  readonly pair: CandidatePair;
  readonly at: Instant;
}

/**
 * RFC 8445 §14: keeps checks from arriving at NATs and links as a burst. Remotes never probed
 * before are begun one by one; of the others, a bounded number leaves in one round.
 */
export class ProbePacer {
  #nextNewAt: Instant;
  #nextRoundAt: Instant;

  constructor(now: Instant) {
    this.#nextNewAt = now;
    this.#nextRoundAt = now;
  }

  /** When `due` may leave. */
  allowedAt(due: DueProbe): Instant {
    const floor = isNew(due.pair) ? later(this.#nextNewAt, this.#nextRoundAt) : this.#nextRoundAt;
    return later(due.at, floor);
  }

  /** Those of `probes` that leave now, the longest due first, and of those the relay last. */
  round(probes: readonly DueProbe[], now: Instant): CandidatePair[] {
    const due = probes.filter((probe) => this.allowedAt(probe) <= now);
    due.sort((a, b) => a.at - b.at || relayLast(a.pair, b.pair));
    const firstNew = due.find(({ pair }) => isNew(pair));
    const round = due
      .filter((probe) => !isNew(probe.pair) || probe === firstNew)
      .slice(0, limits.probesPerRound);
    if (round.length === limits.probesPerRound) {
      this.#nextRoundAt = after(now, timers.newRemoteSpacing);
    }
    if (firstNew !== undefined && round.includes(firstNew)) {
      this.#nextNewAt = after(now, timers.newRemoteSpacing);
    }
    return round.map(({ pair }) => pair);
  }
}

// A first probe makes a binding in a NAT; later ones use it.
function isNew(pair: CandidatePair): boolean {
  return pair.lastProbeAt === undefined;
}

// Where the peer is at hand, a check of the relay before that of its address would win by a hair.
function relayLast(a: CandidatePair, b: CandidatePair): number {
  return Number(a.kind === 'relay') - Number(b.kind === 'relay');
}

function later(a: Instant, b: Instant): Instant {
  return a > b ? a : b;
}

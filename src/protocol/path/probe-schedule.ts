import { after, earliest, elapsed, type Instant, type Millis, millis } from '../time.ts';
import type { PairState } from './pair-state.ts';
import { timers, UNANSWERED_PROBES } from './timers.ts';

/** How far the checks of one pair have come. */
export interface CheckProgress {
  readonly state: PairState;
  /** When these checks began; of a failed pair, when it failed. */
  readonly since: Instant;
  readonly lastProbeAt: Instant | undefined;
  /** When a probe out of turn is wanted. */
  readonly triggeredAt: Instant | undefined;
  /** When anything authentic came from the remote for the last time. */
  readonly heardAt: Instant;
  /** Probes sent since then. */
  readonly unanswered: number;
  /** The last round trip; a pair that has one has worked before. */
  readonly rtt: Millis | undefined;
}

/** What a pair is to the agent just now. */
export interface Standing {
  readonly selected: boolean;
  /** Selected, but the peer's packets come by another path. */
  readonly challenged: boolean;
  /** Selected by us, and the peer has not yet answered a nomination. */
  readonly nominating: boolean;
  /** Some pair that is no relay is selected and works. */
  readonly directSelected: boolean;
}

/** When the next probe of a pair is due; `undefined` for never as things stand. */
export function probeDueAt(pair: CheckProgress, standing: Standing): Instant | undefined {
  if (pair.lastProbeAt === undefined) return pair.since;
  return earliest(pair.triggeredAt, scheduledAt(pair, pair.lastProbeAt, standing));
}

/** Whether the time of a pair has run out: unanswered for too long, or silent after it worked. */
export function isExpired(pair: CheckProgress, standing: Standing, now: Instant): boolean {
  if (pair.state === 'in-progress') return elapsed(pair.since, now) >= timers.checkTimeout;
  if (pair.state !== 'succeeded' || pair.unanswered < UNANSWERED_PROBES) return false;
  return elapsed(pair.heardAt, now) >= toleratedSilence(pair.rtt ?? millis(0), standing);
}

function scheduledAt(
  pair: CheckProgress,
  lastProbeAt: Instant,
  standing: Standing,
): Instant | undefined {
  if (pair.state === 'waiting') return pair.since;
  if (pair.state === 'succeeded') return consentAt(pair, lastProbeAt, standing);
  const interval = checkInterval(pair, elapsed(pair.since, lastProbeAt), standing);
  return interval && after(lastProbeAt, interval);
}

/** The interval of a pair that does not work (yet), `age` after its checks began or it failed. */
function checkInterval(pair: CheckProgress, age: Millis, standing: Standing): Millis | undefined {
  if (pair.state === 'in-progress') {
    const interval = age < timers.eagerChecks ? timers.checkInterval : slowInterval(age);
    // The path of last resort: a blackout has to end soon after the network is back.
    return standing.selected ? shorter(interval, timers.silentInterval) : interval;
  }
  if (standing.selected) return timers.silentInterval;
  if (pair.rtt !== undefined) {
    return shorter(growing(timers.silentInterval, age), timers.spareKeepAlive);
  }
  return standing.directSelected ? undefined : timers.retryInterval;
}

function slowInterval(age: Millis): Millis {
  const first = millis(1.5 * timers.checkInterval);
  return shorter(growing(first, millis(age - timers.eagerChecks)), timers.slowCheckInterval);
}

/**
 * Intervals that begin at `first` and grow by half each add up to 2 × (next - first): so the next
 * one follows from the time that has passed, and needs no memory of its own.
 */
function growing(first: Millis, passed: Millis): Millis {
  return millis(first + Math.max(0, passed) / 2);
}

/** RFC 7675 §5.1, with traffic counted as consent: only a silent pair is asked. */
function consentAt(pair: CheckProgress, lastProbeAt: Instant, standing: Standing): Instant {
  if (standing.nominating) {
    return after(lastProbeAt, millis(Math.max(timers.checkInterval, pair.rtt ?? 0)));
  }
  if (pair.unanswered > 0) {
    return after(
      lastProbeAt,
      standing.challenged ? timers.challengedInterval : timers.silentInterval,
    );
  }
  const spare = after(lastProbeAt, timers.spareKeepAlive);
  if (standing.challenged) return lastProbeAt;
  // Even a busy path is probed now and then: for its round trip, and to repeat the nomination.
  return standing.selected
    ? (Math.min(spare, after(pair.heardAt, timers.selectedKeepAlive)) as Instant)
    : spare;
}

function toleratedSilence(rtt: Millis, standing: Standing): Millis {
  return standing.challenged
    ? millis(Math.max(timers.challengedSilence, 3 * rtt))
    : millis(Math.max(timers.silence, 6 * rtt));
}

function shorter(a: Millis, b: Millis): Millis {
  return a < b ? a : b;
}

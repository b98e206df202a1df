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
  /** Since when it has to prove that it still works, if there is a reason to doubt it. */
  readonly doubtedAt: Instant | undefined;
}

/** What a pair is to the agent just now. */
export interface Standing {
  readonly selected: boolean;
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
export function isExpired(pair: CheckProgress, now: Instant): boolean {
  if (pair.state === 'in-progress') return elapsed(pair.since, now) >= timers.checkTimeout;
  if (pair.state !== 'succeeded' || pair.unanswered < UNANSWERED_PROBES) return false;
  const rtt = pair.rtt ?? 0;
  return pair.doubtedAt === undefined
    ? elapsed(pair.heardAt, now) >= Math.max(timers.silence, 6 * rtt)
    : elapsed(pair.doubtedAt, now) >= Math.max(timers.doubtedSilence, 3 * rtt);
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
  // A better path is wanted while only a relay works, and soon.
  const longest = standing.directSelected ? timers.spareKeepAlive : timers.retryInterval;
  if (pair.rtt !== undefined) return shorter(growing(timers.silentInterval, age), longest);
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
  const isDoubted = pair.doubtedAt !== undefined;
  if (pair.unanswered > 0) {
    return after(lastProbeAt, isDoubted ? timers.doubtedInterval : timers.silentInterval);
  }
  if (isDoubted) return lastProbeAt;
  const spare = after(lastProbeAt, timers.spareKeepAlive);
  // Even a busy path is probed now and then: for its round trip, and to repeat the nomination.
  return standing.selected
    ? (Math.min(spare, after(pair.heardAt, timers.selectedKeepAlive)) as Instant)
    : spare;
}

function shorter(a: Millis, b: Millis): Millis {
  return a < b ? a : b;
}

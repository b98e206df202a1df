import { setTimeout } from 'node:timers/promises';
import { type ErrorCode, P2PShareError } from '../../protocol/errors.ts';
import type { Attempt, AttemptCourse } from './attempts.ts';
import { isSearching } from './phases.ts';

/** What only says that the peer is not there yet. */
const NOT_THERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'P2P_CODE_UNKNOWN',
  'P2P_CODE_EXPIRED',
  'P2P_CODE_USED',
  'P2P_CODE_BURNT',
  'P2P_SERVER_UNREACHABLE',
  'P2P_SERVER_BUSY',
  'P2P_TIMEOUT',
]);

/** When an attempt is made, and made again. */
export interface Persistence {
  readonly delayMs: number;
  readonly everyMs: number;
  /** `performance.now()` after which nothing is tried any more; infinite, if that is never. */
  readonly untilMs: number;
}

/** Makes an attempt again and again, until it meets somebody or fails of something that stays so. */
export function persistently(
  make: (timeoutMs: number | undefined) => Attempt,
  { delayMs, everyMs, untilMs }: Persistence,
): Attempt {
  return async (course, signal) => {
    let hasMet = false;
    const met: AttemptCourse['met'] = (secret) => {
      hasMet = true;
      return course.met(secret);
    };
    let emit = course.emit;
    await pause(delayMs, signal);
    for (;;) {
      const timeoutMs = timeLeft(untilMs);
      try {
        return await make(timeoutMs)({ ...course, met, emit }, signal);
      } catch (error) {
        if (hasMet || signal.aborted || !mayCome(error)) throw error;
      }
      // That it is still looked for is nothing new.
      emit = (event) => {
        if (!isSearching(event)) course.emit(event);
      };
      await pause(Math.min(everyMs, untilMs - performance.now()), signal);
    }
  };
}

/** Undefined for ever; throws `P2P_TIMEOUT` when there is none. */
function timeLeft(untilMs: number): number | undefined {
  const leftMs = untilMs - performance.now();
  if (leftMs <= 0) throw new P2PShareError('P2P_TIMEOUT', 'nobody came in time');
  return Number.isFinite(leftMs) ? leftMs : undefined;
}

function mayCome(error: unknown): boolean {
  return error instanceof P2PShareError && NOT_THERE.has(error.code);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(Math.max(0, ms), undefined, { signal });
  } catch (error) {
    throw new P2PShareError('P2P_CANCELLED', 'aborted', { cause: error });
  }
}

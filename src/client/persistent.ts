import { setTimeout } from 'node:timers/promises';
import { type ErrorCode, P2PShareError } from '../protocol/errors.ts';
import type { Attempt, AttemptCourse } from './attempts.ts';

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
  /** `performance.now()` after which nothing is tried any more. */
  readonly untilMs: number;
}

/** Makes an attempt again and again, until it meets somebody or fails of something that stays so. */
export function persistently(
  make: (remainingMs: number) => Attempt,
  { delayMs, everyMs, untilMs }: Persistence,
): Attempt {
  return async (course, signal) => {
    let hasMet = false;
    const watched: AttemptCourse = {
      ...course,
      met: (secret) => {
        hasMet = true;
        return course.met(secret);
      },
    };
    await pause(delayMs, signal);
    for (;;) {
      const remainingMs = untilMs - performance.now();
      if (remainingMs <= 0) throw new P2PShareError('P2P_TIMEOUT', 'nobody came in time');
      try {
        return await make(remainingMs)(watched, signal);
      } catch (error) {
        const mayCome = error instanceof P2PShareError && NOT_THERE.has(error.code);
        if (hasMet || signal.aborted || !mayCome) throw error;
      }
      await pause(Math.min(everyMs, untilMs - performance.now()), signal);
    }
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(Math.max(0, ms), undefined, { signal });
  } catch (error) {
    throw new P2PShareError('P2P_CANCELLED', 'aborted', { cause: error });
  }
}

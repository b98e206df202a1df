import { describe, expect, it } from 'vitest';
import type { TransferEvent } from '../../../src/client/api/events.ts';
import type { TransferResult } from '../../../src/client/api/transfer-handle.ts';
import type { Attempt, AttemptCourse } from '../../../src/client/attempts/attempts.ts';
import { persistently } from '../../../src/client/attempts/persistent.ts';
import { type ErrorCode, P2PShareError } from '../../../src/protocol/errors.ts';

const RESULT: TransferResult = { files: ['x'], bytes: 1, travelledBytes: 1, ms: 2, path: 'direct' };
const COURSE: AttemptCourse = {
  emit: () => undefined,
  met: async () => undefined,
  lost: () => undefined,
  found: () => undefined,
};

describe('an attempt that is made again and again', () => {
  it('goes on while nobody is there', async () => {
    const made = failing('P2P_CODE_UNKNOWN', 'P2P_SERVER_UNREACHABLE');
    const persistent = persistently(made.make, { delayMs: 1, everyMs: 1, untilMs: Infinity });
    expect(await persistent(COURSE, new AbortController().signal)).toBe(RESULT);
    expect(made.count()).toBe(3);
  });

  it.each(['P2P_CODE_MISMATCH', 'P2P_DECLINED', 'P2P_VERSION_MISMATCH'] as const)(
    'ends with what stays so: %s',
    async (code) => {
      const made = failing(code);
      const persistent = persistently(made.make, { delayMs: 0, everyMs: 0, untilMs: Infinity });
      await expect(persistent(COURSE, new AbortController().signal)).rejects.toMatchObject({
        code,
      });
      expect(made.count()).toBe(1);
    },
  );

  it('is not made again once somebody was met', async () => {
    const attempt: Attempt = async (course) => {
      await course.met();
      throw new P2PShareError('P2P_TIMEOUT', 'by the test');
    };
    const persistent = persistently(() => attempt, { delayMs: 0, everyMs: 0, untilMs: Infinity });
    await expect(persistent(COURSE, new AbortController().signal)).rejects.toMatchObject({
      code: 'P2P_TIMEOUT',
    });
  });

  it('ends in time', async () => {
    const made = failing();
    const persistent = persistently(made.make, {
      delayMs: 0,
      everyMs: 0,
      untilMs: performance.now(),
    });
    await expect(persistent(COURSE, new AbortController().signal)).rejects.toMatchObject({
      code: 'P2P_TIMEOUT',
    });
    expect(made.count()).toBe(0);
  });

  it('ends at once when it is cancelled, also while it waits', async () => {
    const control = new AbortController();
    const persistent = persistently(failing().make, {
      delayMs: 1e9,
      everyMs: 0,
      untilMs: Infinity,
    });
    const outcome = persistent(COURSE, control.signal);
    control.abort();
    await expect(outcome).rejects.toMatchObject({ code: 'P2P_CANCELLED' });
  });
});

describe('of an attempt that is made again and again', () => {
  it('it is told once that somebody is looked for, and all that comes of it', async () => {
    const told: TransferEvent[] = [];
    const made = failing('P2P_CODE_UNKNOWN', 'P2P_CODE_UNKNOWN');
    const make = (): Attempt => async (course, signal) => {
      course.emit({ event: 'status', phase: 'finding-server' });
      course.emit({ event: 'status', phase: 'waiting-for-peer' });
      const result = await made.make()(course, signal);
      course.emit({ event: 'status', phase: 'connecting' });
      return result;
    };
    const persistent = persistently(make, { delayMs: 0, everyMs: 0, untilMs: Infinity });
    const course = { ...COURSE, emit: (event: TransferEvent) => told.push(event) };
    await persistent(course, new AbortController().signal);
    expect(told.map((event) => event.event === 'status' && event.phase)).toEqual([
      'finding-server',
      'waiting-for-peer',
      'connecting',
    ]);
  });
});

/** Attempts that fail one after the other of these, and then succeed. */
function failing(...codes: ErrorCode[]) {
  let count = 0;
  const make = (): Attempt => async () => {
    count += 1;
    const code = codes[count - 1];
    if (code === undefined) return RESULT;
    throw new P2PShareError(code, 'by the test');
  };
  return { make, count: () => count };
}

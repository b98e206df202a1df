import { describe, expect, it } from 'vitest';
import type { TransferResult } from '../../../src/client/api/transfer-handle.ts';
import {
  type Attempt,
  type AttemptCourse,
  GIVES_WAY,
} from '../../../src/client/attempts/attempts.ts';
import { type DoorAttempt, Rescues } from '../../../src/client/sending/sender-attempts.ts';

const SECRET = new Uint8Array(32).fill(1);
const RESULT: TransferResult = { files: ['x'], bytes: 1, travelledBytes: 1, ms: 2, path: 'direct' };

describe('a sender that runs on and loses its receiver', () => {
  it('waits where it was not met the last time', async () => {
    const doors = new Doors();
    for (const isMet of [true, true, false, true, false]) await doors.pass(isMet);
    expect(doors.kinds).toEqual([
      'running',
      'running again',
      'running',
      'running',
      'running again',
    ]);
  });

  it('stays where it was met, when somebody else was faster', async () => {
    const doors = new Doors();
    await doors.pass(true);
    await doors.pass(true, () => Promise.reject(GIVES_WAY));
    await doors.pass(true);
    expect(doors.kinds).toEqual(['running', 'running again', 'running again']);
  });
});

/** What becomes of one rescue after the other. */
class Doors {
  readonly kinds: string[] = [];
  readonly #rescues: Rescues;
  #isMet = false;

  constructor() {
    const attempt: DoorAttempt = ({ kind }) => {
      this.kinds.push(kind);
      return async (course) => {
        if (this.#isMet) await course.met();
        return RESULT;
      };
    };
    this.#rescues = new Rescues(attempt);
  }

  async pass(isMet: boolean, met: AttemptCourse['met'] = async () => undefined): Promise<void> {
    this.#isMet = isMet;
    const nothing = () => undefined;
    const rescue: Attempt = this.#rescues.next(SECRET);
    const course = { emit: nothing, met, lost: nothing, found: nothing };
    await rescue(course, new AbortController().signal).catch(nothing);
  }
}

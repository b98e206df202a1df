import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TransferHandle, type TransferResult } from '../../../src/client/api/transfer-handle.ts';
import { type Attempt, MOVES_ON } from '../../../src/client/attempts/attempts.ts';
import { type Invitation, runReceiver } from '../../../src/client/receiving/receiver-attempts.ts';
import { TicketKeeper } from '../../../src/client/tickets/ticket-keeper.ts';
import { P2PShareError } from '../../../src/protocol/errors.ts';
import type { Code } from '../../../src/protocol/handshake/code.ts';
import { RECEIVE_TICKET } from '../tickets/tickets.ts';

// Fake timers leave this module alone.
vi.mock('node:timers/promises', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:timers/promises')>()),
  setTimeout: (ms: number, _value: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise<void>((resolve, reject) => {
      const abort = () => reject(new Error('aborted'));
      signal.addEventListener('abort', abort);
      setTimeout(() => {
        signal.removeEventListener('abort', abort);
        resolve();
      }, ms);
    }),
}));

const RESULT: TransferResult = { files: ['x'], bytes: 1, travelledBytes: 1, ms: 2, path: 'direct' };
const CODE: Code = { nameplate: 48_213, words: ['acorn', 'velvet', 'walnut'] };
const { resumeSecret: _, result: __, settled: ___, ...TICKET } = RECEIVE_TICKET;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The reception of a sender of several, and when it was asked. */
class Several {
  readonly askedAt: number[] = [];
  readonly #hosts: (asked: number) => boolean;

  /** `hosts`: whether the sender registers for whom it has sent elsewhere the n-th time, from 1. */
  constructor(hosts: (asked: number) => boolean) {
    this.#hosts = hosts;
  }

  readonly attempt = ({ kind }: Invitation): Attempt => {
    return async (course) => {
      if (kind === 'code') {
        this.askedAt.push(performance.now());
        await course.met(new Uint8Array(32).fill(this.askedAt.length));
        throw MOVES_ON;
      }
      if (!this.#hosts(this.askedAt.length)) throw new P2PShareError('P2P_CODE_UNKNOWN', 'test');
      await course.met();
      return RESULT;
    };
  };

  async receive(): Promise<TransferResult> {
    const emit = () => undefined;
    const keeper = new TicketKeeper({ store: undefined, emit, held: undefined, ticket: TICKET });
    const options = { timeoutMs: 600_000, isOnce: false };
    const handle = new TransferHandle();
    return await runReceiver(options, { handle, keeper, code: CODE, attempt: this.attempt });
  }
}

describe('a receiver that is sent elsewhere by a sender of several', () => {
  it('asks by its code again when the sender died before it could be met there', async () => {
    const several = new Several((asked) => asked === 2);
    const received = several.receive();
    await vi.advanceTimersByTimeAsync(40_000);
    expect(await received).toBe(RESULT);
    const [first = 0, again = 0, ...more] = several.askedAt;
    expect(again - first).toBeGreaterThanOrEqual(10_000);
    expect(again - first).toBeLessThan(11_000);
    expect(more).toEqual([]);
  });

  it('does not when it is met there', async () => {
    const several = new Several(() => true);
    const received = several.receive();
    await vi.advanceTimersByTimeAsync(40_000);
    expect(await received).toBe(RESULT);
    expect(several.askedAt).toHaveLength(1);
  });

  it('gives up when it is sent there again and again, and met nowhere', async () => {
    const several = new Several(() => false);
    const failed = expect(several.receive()).rejects.toMatchObject({ code: 'P2P_TIMEOUT' });
    await vi.advanceTimersByTimeAsync(100_000);
    await failed;
    expect(several.askedAt.length).toBeLessThan(6);
  });
});

import { describe, expect, it } from 'vitest';
import type { TransferEvent } from '../../../src/client/api/events.ts';
import type { TransferResult } from '../../../src/client/api/transfer-handle.ts';
import {
  type Attempt,
  type AttemptCourse,
  Attempts,
  GIVES_WAY,
} from '../../../src/client/attempts/attempts.ts';
import { type ErrorCode, P2PShareError } from '../../../src/protocol/errors.ts';

const RESULT: TransferResult = { files: ['x'], bytes: 1, travelledBytes: 1, ms: 2, path: 'direct' };
const SECRET = new Uint8Array(32).fill(1);

describe('attempts at a transfer', () => {
  it('end as the only one ends, and tell what it tells', async () => {
    const stage = new Stage(1);
    stage.one.course.emit(told('connecting'));
    await stage.one.course.met(SECRET);
    stage.one.succeed();
    expect(await stage.outcome).toEqual(RESULT);
    expect(stage.events).toEqual([told('connecting')]);
    expect(stage.kept).toEqual([SECRET]);
    await expect(new Stage(1).failingOf('P2P_INTEGRITY')).rejects.toMatchObject({
      code: 'P2P_INTEGRITY',
    });
  });

  it('leave the transfer to the first that meets the peer, and only that is heard from then on', async () => {
    const stage = new Stage(3);
    const [one, two, three] = stage.players;
    one.course.emit(told('finding-server'));
    two.course.emit(told('finding-server'));
    await two.course.met();
    expect(reasonOf(one)).toMatchObject({ name: 'AbortError' });
    expect(reasonOf(three)).toMatchObject({ name: 'AbortError' });
    await expect(one.course.met(SECRET)).rejects.toBe(GIVES_WAY);
    one.course.emit(told('waiting-for-peer'));
    two.course.emit(told('transferring'));
    two.succeed();
    for (const player of [one, three]) player.fail('P2P_CANCELLED');
    await stage.outcome;
    expect(stage.events).toEqual([told('finding-server'), told('transferring')]);
    expect(stage.kept).toEqual([]);
  });

  it('fail when the last of them has, of what the first to fail failed of', async () => {
    const stage = new Stage(2);
    const [one, two] = stage.players;
    two.fail('P2P_CODE_UNKNOWN');
    one.fail('P2P_TIMEOUT');
    await expect(stage.outcome).rejects.toMatchObject({ code: 'P2P_CODE_UNKNOWN' });
  });
});

describe('while the peer of a running attempt is lost', () => {
  it('others look for it, and stop when it is back', async () => {
    const stage = new Stage(1, 2);
    await stage.one.course.met();
    stage.one.course.lost();
    stage.one.course.lost();
    const [, two, three] = stage.players;
    expect(stage.players).toHaveLength(3);
    stage.one.course.found();
    expect([reasonOf(two), reasonOf(three)]).toMatchObject([
      { name: 'AbortError' },
      { name: 'AbortError' },
    ]);
    for (const player of [two, three]) player.fail('P2P_CANCELLED');
    stage.one.succeed();
    expect(await stage.outcome).toEqual(RESULT);
  });

  it('and again before those that were stopped have ended, others look for it once they have', async () => {
    const stage = new Stage(1, 1);
    await stage.one.course.met();
    stage.one.course.lost();
    const [, two] = stage.players;
    stage.one.course.found();
    stage.one.course.lost();
    expect(stage.players).toHaveLength(2);
    two.fail('P2P_CANCELLED');
    await turns();
    expect(stage.players).toHaveLength(3);
    const [, , three] = stage.players;
    three.fail('P2P_CODE_MISMATCH');
    await turns();
    expect(stage.players).toHaveLength(3);
    stage.one.succeed();
    expect(await stage.outcome).toEqual(RESULT);
  });

  it('the one that meets it goes on, after the one before has closed its files', async () => {
    const stage = new Stage(1, 1);
    await stage.one.course.met();
    stage.one.course.lost();
    const [, two] = stage.players;
    let isMet = false;
    const meeting = two.course.met().then(() => {
      isMet = true;
    });
    await turns();
    expect(reasonOf(stage.one)).toBe(GIVES_WAY);
    expect(isMet).toBe(false);
    stage.one.fail('P2P_CANCELLED');
    await meeting;
    two.succeed();
    expect(await stage.outcome).toEqual(RESULT);
  });

  it('and the attempt gives up, the others do too', async () => {
    const stage = new Stage(1, 1);
    await stage.one.course.met();
    stage.one.course.lost();
    const [, two] = stage.players;
    stage.one.fail('P2P_INTERRUPTED');
    await turns();
    expect(reasonOf(two)).toMatchObject({ name: 'AbortError' });
    two.fail('P2P_CANCELLED');
    await expect(stage.outcome).rejects.toMatchObject({ code: 'P2P_INTERRUPTED' });
    expect(stage.players).toHaveLength(2);
  });
});

describe('a cancelled transfer', () => {
  it('cancels all its attempts, and is over when they are', async () => {
    const cancellation = new AbortController();
    const stage = new Stage(2, 0, cancellation.signal);
    cancellation.abort();
    for (const player of stage.players) {
      expect(reasonOf(player)).toMatchObject({ name: 'AbortError' });
      player.fail('P2P_CANCELLED');
    }
    await expect(stage.outcome).rejects.toMatchObject({ code: 'P2P_CANCELLED' });
  });
});

/** An attempt that ends when and how the test says. */
class Player {
  course!: AttemptCourse;
  signal!: AbortSignal;
  succeed!: () => void;
  fail!: (code: ErrorCode) => void;

  readonly attempt: Attempt = (course, signal) => {
    this.course = course;
    this.signal = signal;
    return new Promise((resolve, reject) => {
      this.succeed = () => resolve(RESULT);
      this.fail = (code) => reject(new P2PShareError(code, 'by the test'));
    });
  };
}

class Stage {
  readonly players: [Player, Player, Player];
  readonly events: TransferEvent[] = [];
  readonly kept: Uint8Array[] = [];
  readonly outcome: Promise<TransferResult>;

  constructor(first: number, rescuers = 0, signal?: AbortSignal) {
    const players: Player[] = [];
    const cast = (count: number) => {
      const more = Array.from({ length: count }, () => new Player());
      players.push(...more);
      return more.map(({ attempt }) => attempt);
    };
    const attempts = new Attempts({
      first: cast(first),
      rescue: () => cast(rescuers),
      keep: async (secret) => {
        this.kept.push(secret);
      },
      emit: (event) => this.events.push(event),
      signal,
    });
    this.players = players as [Player, Player, Player];
    this.outcome = attempts.run();
    this.outcome.catch(() => undefined);
  }

  get one(): Player {
    return this.players[0];
  }

  failingOf(code: ErrorCode): Promise<TransferResult> {
    this.one.fail(code);
    return this.outcome;
  }
}

function reasonOf({ signal }: Player): unknown {
  return signal.aborted ? signal.reason : undefined;
}

function told(phase: 'finding-server' | 'waiting-for-peer' | 'connecting' | 'transferring') {
  return { event: 'status', phase } as const;
}

function turns(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

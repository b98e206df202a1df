import { createCrypto } from '../../crypto/node-crypto.ts';
import { reunion, type SenderPast } from '../../protocol/handshake/resume-code.ts';
import type { Place } from '../../protocol/session/hosting.ts';
import type { CommonOptions } from '../api/options.ts';
import type { TransferHandle, TransferResult } from '../api/transfer-handle.ts';
import { type Attempt, type AttemptCourse, Attempts } from '../attempts/attempts.ts';
import { type Persistence, persistently } from '../attempts/persistent.ts';
import type { SendTicket } from '../tickets/ticket.ts';
import type { TicketKeeper } from '../tickets/ticket-keeper.ts';

/** Between two tries to be found where a server could not be reached. */
const AGAIN_MS = 5000;

/** Where a sender is found, and what has to be known there. */
export interface Door {
  /** By anybody who has the code; or by the one receiver that it has met. */
  readonly kind: 'code' | SenderPast;
  readonly words: readonly string[];
  readonly place: Place;
  readonly failedAttempts: number;
}

/** How one receiver that was met is met again. */
interface Meeting {
  readonly past: SenderPast;
  readonly secret: Uint8Array;
  readonly former?: Place['former'];
}

/** A session at a door, within so many milliseconds to be met. */
export type DoorAttempt = (door: Door, timeoutMs: number | undefined) => Attempt;

/** Sends by as many sessions as it takes; each is an `attempt`, within so many milliseconds to be met. */
export async function runSender(
  options: Pick<CommonOptions, 'signal' | 'timeoutMs'> & {
    /** Whether nothing can be sent a second time. */
    readonly isOnce: boolean;
  },
  parts: {
    readonly handle: TransferHandle;
    readonly keeper: TicketKeeper<SendTicket>;
    readonly attempt: DoorAttempt;
  },
): Promise<TransferResult> {
  const { signal, timeoutMs, isOnce } = options;
  const { handle, keeper, attempt } = parts;
  const { resumeSecret } = keeper.ticket;
  const untilMs = performance.now() + (timeoutMs ?? Number.POSITIVE_INFINITY);
  const rescues = new Rescues(attempt);
  const attempts = new Attempts({
    first: [
      resumeSecret === undefined
        ? attempt(codeDoor(keeper.ticket), timeoutMs)
        : reunionAttempt(attempt, {
            past: 'restarted',
            secret: resumeSecret,
            untilMs,
            former: usedCode(keeper.ticket),
          }),
    ],
    rescue: () => {
      const secret = keeper.ticket.resumeSecret;
      return secret === undefined || isOnce ? [] : [rescues.next(secret)];
    },
    keep: (secret) => keeper.change({ resumeSecret: secret }),
    emit: (event) => handle.emit(event),
    signal,
  });
  return await attempts.run();
}

/** How a sender that runs on is met again by a receiver that was started again, any number of times. */
export class Rescues {
  readonly #attempt: DoorAttempt;
  /** Where it was met the last time, if it was one of the two places. */
  #metAt: SenderPast | undefined;

  constructor(attempt: DoorAttempt) {
    this.#attempt = attempt;
  }

  /** One more, at the place at which no session of ours is. */
  next(secret: Uint8Array): Attempt {
    const past = this.#metAt === 'running' ? 'running again' : 'running';
    const untilMs = Number.POSITIVE_INFINITY;
    const again = reunionAttempt(this.#attempt, { past, secret, untilMs });
    return (course, signal) => {
      const met: AttemptCourse['met'] = async (newer) => {
        await course.met(newer);
        this.#metAt = past;
      };
      return again({ ...course, met }, signal);
    };
  }
}

/** To be met again by one receiver: tried again while no server can be reached. */
export function reunionAttempt(
  attempt: DoorAttempt,
  meeting: Meeting & { readonly untilMs: number },
): Attempt {
  const timing: Persistence = { delayMs: 0, everyMs: AGAIN_MS, untilMs: meeting.untilMs };
  return persistently((leftMs) => attempt(reunionDoor(meeting), leftMs), timing);
}

export function codeDoor({ code, ownerSecret, failedAttempts }: SendTicket): Door {
  const { nameplate, words } = code;
  const place = nameplate === 0 ? { ownerSecret } : { nameplate, ownerSecret };
  return { kind: 'code', words, place, failedAttempts };
}

/** Where whom we have met is not looked for any more: a process of ours that died has left it to its server. */
function usedCode({ code: { nameplate }, ownerSecret }: SendTicket): Place['former'] {
  return nameplate === 0 ? undefined : { nameplate, secret: ownerSecret };
}

function reunionDoor({ past, secret, former }: Meeting): Door {
  const { code, ownerSecret } = reunion(createCrypto(), secret, past);
  const { nameplate, words } = code;
  return { kind: past, words, place: { nameplate, ownerSecret, former }, failedAttempts: 0 };
}

import { createCrypto } from '../../crypto/node-crypto.ts';
import type { Code } from '../../protocol/handshake/code.ts';
import { reunion, type SenderPast } from '../../protocol/handshake/resume-code.ts';
import type { CommonOptions } from '../api/options.ts';
import type { TransferHandle, TransferResult } from '../api/transfer-handle.ts';
import { type Attempt, Attempts, MOVES_ON } from '../attempts/attempts.ts';
import { type Persistence, persistently } from '../attempts/persistent.ts';
import { isSearching } from '../attempts/phases.ts';
import type { ReceiveTicket } from '../tickets/ticket.ts';
import type { TicketKeeper } from '../tickets/ticket-keeper.ts';

/** Between two questions whether the sender is back. */
const AGAIN_MS = 2000;
/**
 * A sender that died before it heard us waits under its code, and so does one of several that was
 * started again. That is tried after the other ways, and more seldom than makes a server suspicious of
 * who asks for numbers that are not there.
 */
const CODE_DELAY_MS = 3000;
/** When it is us who died, a sender of several needs 5 s to miss us, and takes us for another till then. */
const CODE_DELAY_TO_SEVERAL_MS = 10_000;
const CODE_AGAIN_MS = 20_000;
/** A sender of several registers for us as soon as it has let us in: two round trips. */
const ELSEWHERE_DELAY_MS = 100;
const ELSEWHERE_AGAIN_MS = 250;
/** And is there within seconds, or has died since. */
const ELSEWHERE_WITHIN_MS = 45_000;

/** What a receiver goes by. */
export interface Invitation {
  readonly kind: 'code' | SenderPast;
  readonly code: Code;
}

/** Receives by as many sessions as it takes; each is an `attempt`, within so many milliseconds to be met. */
export async function runReceiver(
  options: Pick<CommonOptions, 'signal'> & {
    readonly timeoutMs: number;
    /** Whether nothing may come a second time. */
    readonly isOnce: boolean;
  },
  parts: {
    readonly handle: TransferHandle;
    readonly keeper: TicketKeeper<ReceiveTicket>;
    /** Not known where a transfer is resumed by its id. */
    readonly code: Code | undefined;
    readonly attempt: (invitation: Invitation, timeoutMs: number | undefined) => Attempt;
  },
): Promise<TransferResult> {
  const { signal, timeoutMs, isOnce } = options;
  const { handle, keeper, code, attempt } = parts;
  const seek = (invitation: Invitation, timing: Persistence): Attempt =>
    persistently((leftMs) => attempt(invitation, leftMs), timing);
  const move: Move = { untilMs: undefined };
  const elsewhere = (): Attempt => {
    const secret = keeper.ticket.resumeSecret;
    if (secret === undefined) throw new Error('unreachable: sent elsewhere without a secret');
    return seek(invitationOf(secret, 'restarted'), {
      delayMs: ELSEWHERE_DELAY_MS,
      everyMs: ELSEWHERE_AGAIN_MS,
      untilMs: performance.now() + ELSEWHERE_WITHIN_MS,
    });
  };
  const byCode = (known: Code, leftMs: number | undefined): Attempt =>
    movingOn(attempt({ kind: 'code', code: known }, leftMs), elsewhere, move);
  const codeAgain = ({ untilMs, delayMs }: Until): Attempt[] => {
    // Who has everything is not one more receiver.
    if (code === undefined || keeper.ticket.result !== undefined) return [];
    const timing = { delayMs, everyMs: CODE_AGAIN_MS, untilMs };
    return [persistently((leftMs) => byCode(code, leftMs), timing)];
  };
  const seekAgain = (pasts: readonly SenderPast[], until: Until): Attempt[] => {
    const secret = keeper.ticket.resumeSecret;
    if (secret === undefined) return [];
    const { untilMs } = until;
    const ways = pasts.map((past) =>
      seek(invitationOf(secret, past), { delayMs: 0, everyMs: AGAIN_MS, untilMs }),
    );
    return [...ways, ...codeAgain(until)];
  };
  const again = seekAgain(['restarted', 'running', 'running again'], {
    untilMs: performance.now() + timeoutMs,
    delayMs: keeper.ticket.isOneOfSeveral ? CODE_DELAY_TO_SEVERAL_MS : CODE_DELAY_MS,
  });
  const forEver = { untilMs: Number.POSITIVE_INFINITY, delayMs: CODE_DELAY_MS };
  const rescue = (): Attempt[] =>
    move.untilMs === undefined
      ? seekAgain(['restarted'], forEver)
      : codeAgain({ untilMs: move.untilMs, delayMs: CODE_DELAY_TO_SEVERAL_MS });
  const attempts = new Attempts({
    first: again.length === 0 && code !== undefined ? [byCode(code, timeoutMs)] : again,
    // A sender that runs on has not lost us for good.
    rescue: () => (isOnce ? [] : rescue()),
    keep: (secret) => keeper.change({ resumeSecret: secret }),
    emit: (event) => handle.emit(event),
    signal,
  });
  return await attempts.run();
}

/** On the way from a reception to where its sender is to be met. */
interface Move {
  /** `performance.now()` until which the reception is asked again; `undefined` when not on the way. */
  untilMs: number | undefined;
}

type Until = Pick<Persistence, 'untilMs' | 'delayMs'>;

/**
 * Goes on elsewhere when the reception of a sender of several says so. Until it is met there the
 * sender counts as lost: it may have died before it kept how to meet us, and wait under its code.
 */
function movingOn(attempt: Attempt, elsewhere: () => Attempt, move: Move): Attempt {
  return async (course, signal) => {
    try {
      return await attempt(course, signal);
    } catch (error) {
      if (error !== MOVES_ON) throw error;
    }
    // What was looked for has been found; that it is met elsewhere is nothing to a person.
    const emit: typeof course.emit = (event) => {
      if (!isSearching(event)) course.emit(event);
    };
    const met: typeof course.met = (secret) => {
      move.untilMs = undefined;
      return course.met(secret);
    };
    move.untilMs ??= performance.now() + ELSEWHERE_WITHIN_MS;
    course.lost();
    return await elsewhere()({ ...course, emit, met }, signal);
  };
}

function invitationOf(secret: Uint8Array, past: SenderPast): Invitation {
  return { kind: past, code: reunion(createCrypto(), secret, past).code };
}

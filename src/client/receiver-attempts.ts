import { createCrypto } from '../crypto/node-crypto.ts';
import type { Code } from '../protocol/handshake/code.ts';
import { reunion, type SenderPast } from '../protocol/handshake/resume-code.ts';
import { type Attempt, Attempts } from './attempts.ts';
import type { CommonOptions } from './options.ts';
import { type Persistence, persistently } from './persistent.ts';
import type { ReceiveTicket } from './ticket.ts';
import type { TicketKeeper } from './ticket-keeper.ts';
import type { TransferHandle, TransferResult } from './transfer-handle.ts';

/** Between two questions whether the sender is back. */
const AGAIN_MS = 2000;
/**
 * A sender that died before it heard us waits under its code. That is tried after the other ways,
 * and more seldom than makes a server suspicious of who asks for numbers that are not there.
 */
const CODE_DELAY_MS = 3000;
const CODE_AGAIN_MS = 20_000;

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
  const seekAgain = (pasts: readonly SenderPast[], untilMs: number): Attempt[] => {
    const secret = keeper.ticket.resumeSecret;
    if (secret === undefined) return [];
    const ways = pasts.map((past) =>
      seek(invitationOf(secret, past), { delayMs: 0, everyMs: AGAIN_MS, untilMs }),
    );
    if (code === undefined) return ways;
    const timing = { delayMs: CODE_DELAY_MS, everyMs: CODE_AGAIN_MS, untilMs };
    return [...ways, seek({ kind: 'code', code }, timing)];
  };
  const again = seekAgain(['restarted', 'running'], performance.now() + timeoutMs);
  const attempts = new Attempts({
    first:
      again.length === 0 && code !== undefined
        ? [attempt({ kind: 'code', code }, timeoutMs)]
        : again,
    // A sender that runs on has not lost us for good.
    rescue: () => (isOnce ? [] : seekAgain(['restarted'], Number.POSITIVE_INFINITY)),
    keep: (secret) => keeper.change({ resumeSecret: secret }),
    emit: (event) => handle.emit(event),
    signal,
  });
  return await attempts.run();
}

function invitationOf(secret: Uint8Array, past: SenderPast): Invitation {
  return { kind: past, code: reunion(createCrypto(), secret, past).code };
}

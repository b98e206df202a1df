import { join } from 'node:path';
import { removeLeftovers } from '../io/target/file-leftovers.ts';
import { placeOf } from '../io/target/file-target.ts';
import { publishSettled } from '../io/target/publish-settled.ts';
import { P2PShareError } from '../protocol/errors.ts';
import { type Code, parseCode } from '../protocol/handshake/code.ts';
import { requireBounds } from './api/option-bounds.ts';
import type { ReceiveOptions } from './api/options.ts';
import { type Transfer, TransferHandle, type TransferResult } from './api/transfer-handle.ts';
import type { Attempt } from './attempts/attempts.ts';
import { requireDestination, settledTarget } from './receiving/destination.ts';
import { receiveTicket } from './receiving/receive-ticket.ts';
import { type Invitation, runReceiver } from './receiving/receiver-attempts.ts';
import { Receiving } from './receiving/receiving.ts';
import { storedReceive } from './requests.ts';
import { keptPolicy } from './tickets/conflict-policy.ts';
import type { ReceiveTicket } from './tickets/ticket.ts';
import type { TicketKeeper } from './tickets/ticket-keeper.ts';
import { storedWays } from './ways.ts';

/** How long the sender is waited for when nothing else is said. */
const DEFAULT_TIMEOUT_MS = 60_000;
/** How long somebody who has everything waits for a sender that may not know. */
const CONFIRM_WITHIN_MS = 10_000;

/** Receives what a code stands for. */
export function receive(options: ReceiveOptions): Transfer {
  const handle = new TransferHandle();
  receiveFile(options, handle).then(
    (result) => handle.succeed(result),
    (error) => handle.fail(error),
  );
  return handle;
}

async function receiveFile(
  options: ReceiveOptions,
  handle: TransferHandle,
): Promise<TransferResult> {
  options.signal?.throwIfAborted();
  requireBounds(options);
  const parsed = parseCode(options.code);
  if (parsed.kind !== 'code') {
    throw new P2PShareError('P2P_CODE_INVALID', JSON.stringify(parsed.problem));
  }
  const { code } = parsed;
  const request = storedReceive(options);
  const keeper = await receiveTicket({
    stateFolder: request && options.stateFolder,
    request: request ?? {},
    ways: storedWays(options),
    code,
    emit: (event) => handle.emit(event),
  });
  return await receiveKept(options, handle, { keeper, code });
}

/** Receives what a ticket is about. */
export async function receiveKept(
  options: Omit<ReceiveOptions, 'code'>,
  handle: TransferHandle,
  { keeper, code }: { keeper: TicketKeeper<ReceiveTicket>; code: Code | undefined },
): Promise<TransferResult> {
  return await keeper.over(receiveNow(options, handle, { keeper, code }));
}

async function receiveNow(
  options: Omit<ReceiveOptions, 'code'>,
  handle: TransferHandle,
  { keeper, code }: { keeper: TicketKeeper<ReceiveTicket>; code: Code | undefined },
): Promise<TransferResult> {
  // What was accepted before may stand there by now.
  if (keeper.ticket.offer === undefined) await requireDestination(options);
  await publishBefore(options, keeper);
  const { result } = keeper.ticket;
  const { timeoutMs = result === undefined ? DEFAULT_TIMEOUT_MS : CONFIRM_WITHIN_MS } = options;
  // What went into a stream cannot be taken back and sent again.
  const isOnce = storedReceive(options) === undefined;
  const attempt =
    (invitation: Invitation, leftMs: number | undefined): Attempt =>
    (course, signal) =>
      new Receiving(options, { course, keeper, invitation }).run(signal, leftMs);
  try {
    return await runReceiver({ ...options, timeoutMs, isOnce }, { handle, keeper, code, attempt });
  } catch (error) {
    const isAlone = error instanceof P2PShareError && error.code === 'P2P_TIMEOUT';
    if (result === undefined || !isAlone) {
      await tidy(keeper, error);
      throw error;
    }
    // Everything is here, and the sender does not ask for any more.
    const bytes = keeper.ticket.offer?.bytes ?? 0;
    handle.emit({ event: 'file', path: result, bytes, status: 'written' });
    return { files: [result], bytes, travelledBytes: 0, ms: 0, path: 'direct' };
  }
}

/** What an earlier process had brought whole, and not come to name, gets its names. */
async function publishBefore(
  options: Omit<ReceiveOptions, 'code'>,
  keeper: TicketKeeper<ReceiveTicket>,
): Promise<void> {
  const { settled, result, offer, folder, id } = keeper.ticket;
  if (settled === undefined || result !== undefined || folder === undefined) return;
  const target = await settledTarget(options);
  if (target === undefined) return;
  try {
    const onConflict = keptPolicy(offer, options.onConflict);
    const published = await publishSettled({ target, onConflict, id });
    const [first, ...others] = published;
    const name = others.length === 0 ? (first?.name ?? placeOf(target).name ?? offer?.name) : '';
    await keeper.change({ result: join(folder, name ?? '') });
  } catch (error) {
    await tidy(keeper, error);
    throw error;
  }
}

/** Removes what nothing can go on with. */
async function tidy(keeper: TicketKeeper<ReceiveTicket>, error: unknown): Promise<void> {
  const { folder, id } = keeper.ticket;
  if (folder === undefined || keeper.canGoOn(error)) return;
  await removeLeftovers(folder, id).catch(() => undefined);
}

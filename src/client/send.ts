import { createBlockCipher } from '../crypto/block-cipher.ts';
import { systemRandom } from '../crypto/random.ts';
import { nameRefused } from '../io/source/name-refused.ts';
import { requireSources } from '../io/source/source-scan.ts';
import { versionTags } from '../io/source/version-tag.ts';
import { P2PShareError } from '../protocol/errors.ts';
import { MAX_TEXT_BYTES } from '../protocol/transfer/entries/entry.ts';
import { type EntryName, parseEntryName } from '../protocol/transfer/entries/entry-name.ts';
import { RateCap } from '../protocol/transport/rate-cap.ts';
import { requireBounds } from './api/option-bounds.ts';
import type { SendOptions } from './api/options.ts';
import { type Transfer, TransferHandle, type TransferResult } from './api/transfer-handle.ts';
import type { Attempt } from './attempts/attempts.ts';
import { storedSend } from './requests.ts';
import { sendTicket } from './sending/send-ticket.ts';
import { type Door, runSender } from './sending/sender-attempts.ts';
import { Sending } from './sending/sending.ts';
import { SeveralReceivers } from './sending/several-receivers.ts';
import type { Source } from './source/source.ts';
import { Sources } from './source/sources.ts';
import { StreamSource } from './source/stream-source.ts';
import { TextSource } from './source/text-source.ts';
import type { SendTicket } from './tickets/ticket.ts';
import type { TicketKeeper } from './tickets/ticket-keeper.ts';
import { storedWays } from './ways.ts';

/** Sends a file: `code` is the first event that matters, and the receiver's to be told. */
export function send(options: SendOptions): Transfer {
  const handle = new TransferHandle();
  sendFile(options, handle).then(
    (result) => handle.succeed(result),
    (error) => handle.fail(error),
  );
  return handle;
}

async function sendFile(options: SendOptions, handle: TransferHandle): Promise<TransferResult> {
  options.signal?.throwIfAborted();
  requireBounds(options);
  const request = storedSend(options);
  const keeper = await sendTicket({
    stateFolder: request && options.stateFolder,
    request: request ?? {},
    ways: storedWays(options),
    random: systemRandom,
    emit: (event) => handle.emit(event),
  });
  return await sendKept(options, handle, keeper);
}

/** Sends what a ticket is about. */
export async function sendKept(
  options: SendOptions,
  handle: TransferHandle,
  keeper: TicketKeeper<SendTicket>,
): Promise<TransferResult> {
  return await keeper.over(sendNow(options, handle, keeper));
}

async function sendNow(
  options: SendOptions,
  handle: TransferHandle,
  keeper: TicketKeeper<SendTicket>,
): Promise<TransferResult> {
  const source = await sourceOf(options, keeper.ticket.salt);
  // Whoever waits with it is told of its failure.
  source.prepare().catch(() => undefined);
  const receivers = expectedReceivers(options);
  const cap = options.limit === undefined ? undefined : new RateCap(options.limit);
  if (receivers > 1) {
    const parts = { handle, keeper, source, cap };
    return await new SeveralReceivers(options, receivers, parts).run();
  }
  const attempt =
    (door: Door, timeoutMs: number | undefined): Attempt =>
    (course, signal) =>
      new Sending(options, { course, source, keeper, door, cap }).run(signal, timeoutMs);
  return await runSender(
    { ...options, isOnce: options.input !== undefined },
    { handle, keeper, attempt },
  );
}

/** Refuses at once what cannot be sent; throws as `requireSources` does. */
async function sourceOf(options: SendOptions, salt: Uint8Array): Promise<Source> {
  const { paths, input, text } = options;
  const { symlinks = 'keep', exclude = [], gitignore = false, encodeNames = false } = options;
  const given = [paths.length > 0, input !== undefined, text !== undefined];
  if (given.filter(Boolean).length !== 1) {
    throw new P2PShareError('P2P_USAGE', 'paths, an input or a text: one of them');
  }
  if (text !== undefined) return textSource(text);
  if (input === undefined) {
    await requireSources(paths, { encodeNames });
    const tagOf = versionTags(createBlockCipher(salt));
    const allowUnreadable = options.skipChanged === true;
    const scan = { symlinks, exclude, gitignore, encodeNames, allowUnreadable };
    return new Sources(paths, { ...scan, tagOf });
  }
  const name = parseEntryName(input.name);
  if (typeof name === 'string') return new StreamSource(input.stream, name);
  throw nameRefused(name.refused);
}

/** How many are to have it; throws `P2P_USAGE` for what is no number of people. */
function expectedReceivers({ receivers = 1, input, verify }: SendOptions): number {
  const count = receivers === 'unlimited' ? Number.POSITIVE_INFINITY : receivers;
  if (count !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(count) && count > 0)) {
    throw new P2PShareError('P2P_USAGE', 'receivers: a number from 1, or unlimited');
  }
  if (count > 1 && input !== undefined) {
    throw new P2PShareError('P2P_USAGE', 'a stream can be sent once, and so to one receiver');
  }
  // Of several, the first one's acceptance would speak for all of them.
  if (count > 1 && verify !== undefined) {
    throw new P2PShareError('P2P_USAGE', 'verify: words can be compared with one receiver');
  }
  return count;
}

function textSource(text: string): Source {
  if (Buffer.byteLength(text) <= MAX_TEXT_BYTES) return new TextSource(text, TEXT_NAME);
  throw new P2PShareError('P2P_USAGE', 'the text is longer than 64 KiB: send it as a file');
}

/** What a text is called where it is kept as a file. */
const TEXT_NAME = 'text.txt' as EntryName;

import { systemRandom } from '../crypto/random.ts';
import { monotonicNow } from '../io/clock.ts';
import { LanResponder } from '../io/lan-beacon.ts';
import { requireSources } from '../io/source-scan.ts';
import type { EntryReader } from '../io/stream-reader.ts';
import { STREAM_PATH } from '../io/stream-sink.ts';
import { P2PShareError } from '../protocol/errors.ts';
import { type Code, formatCode } from '../protocol/handshake/code.ts';
import { SenderSession } from '../protocol/session/sender-session.ts';
import type { SessionEvent } from '../protocol/session/session-event.ts';
import { isOnce, MAX_TEXT_BYTES } from '../protocol/transfer/entry.ts';
import { type EntryName, parseEntryName } from '../protocol/transfer/entry-name.ts';
import type { Attempt, AttemptCourse } from './attempts.ts';
import type { Endpoints } from './endpoints.ts';
import { asSourceError, FileReader } from './file-reader.ts';
import { type OfferSummary, summaryOf, topSizes } from './offer-summary.ts';
import type { SendOptions } from './options.ts';
import { storedSend } from './requests.ts';
import { sendTicket } from './send-ticket.ts';
import { type Door, runSender } from './sender-attempts.ts';
import { prepareSession } from './session-ground.ts';
import { SessionRun } from './session-run.ts';
import type { Source } from './source.ts';
import { Sources } from './sources.ts';
import { StreamSource } from './stream-source.ts';
import { TextSource } from './text-source.ts';
import type { SendTicket } from './ticket.ts';
import type { TicketKeeper } from './ticket-keeper.ts';
import { type Transfer, TransferHandle, type TransferResult } from './transfer-handle.ts';
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
  source.prepare();
  const attempt =
    (door: Door, timeoutMs: number | undefined): Attempt =>
    (course, signal) =>
      new Sending(options, { course, source, keeper, door }).run(signal, timeoutMs);
  return await runSender(
    { ...options, isOnce: options.input !== undefined },
    { handle, keeper, attempt },
  );
}

/** Refuses at once what cannot be sent; throws as `requireSources` does. */
async function sourceOf(options: SendOptions, salt: Uint8Array): Promise<Source> {
  const { paths, input, text, symlinks = 'keep', exclude = [], gitignore = false } = options;
  if (text !== undefined) return textSource(text);
  if (input === undefined) {
    await requireSources(paths);
    return new Sources(paths, { symlinks, exclude, gitignore, salt });
  }
  const name = parseEntryName(input.name);
  if (typeof name === 'string') return new StreamSource(input.stream, name);
  throw new P2PShareError('P2P_NAME_REFUSED', `name refused: ${name.refused}`);
}

function textSource(text: string): Source {
  if (Buffer.byteLength(text) <= MAX_TEXT_BYTES) return new TextSource(text, TEXT_NAME);
  throw new P2PShareError('P2P_USAGE', 'the text is longer than 64 KiB: send it as a file');
}

/** What a text is called where it is kept as a file. */
const TEXT_NAME = 'text.txt' as EntryName;

interface SendingParts {
  readonly course: AttemptCourse;
  readonly source: Source;
  readonly keeper: TicketKeeper<SendTicket>;
  readonly door: Door;
}

/** Files on their way out, in one session. */
class Sending {
  readonly #options: SendOptions;
  readonly #course: AttemptCourse;
  readonly #keeper: TicketKeeper<SendTicket>;
  readonly #door: Door;
  readonly #source: Source;
  #reader: EntryReader | undefined;
  #buffers: FileReader | undefined;
  #responder: LanResponder | undefined;
  #finishProgress: () => void = () => undefined;
  #isAccepted = false;
  #bytes = 0;
  #isEndless = false;
  #summary: OfferSummary | undefined;
  /** Bytes of each thing at the top, in the order of the offer. */
  #sizes: ReadonlyMap<string, number> = new Map();
  #resumeSecret: Uint8Array | undefined;

  constructor(options: SendOptions, { course, source, keeper, door }: SendingParts) {
    this.#options = options;
    this.#course = course;
    this.#keeper = keeper;
    this.#door = door;
    this.#source = source;
  }

  async run(signal: AbortSignal, timeoutMs: number | undefined): Promise<TransferResult> {
    const { servers = [], paths, input, text } = this.#options;
    if (servers.length > 0) this.#course.emit({ event: 'status', phase: 'finding-server' });
    const ground = await prepareSession(this.#options);
    const { lan } = ground;
    const { words, place, failedAttempts } = this.#door;
    const session = new SenderSession(
      {
        ...ground.options,
        words,
        place,
        failedAttempts,
        lan,
      },
      monotonicNow(),
    );
    const run = new SessionRun({
      session,
      handle: this.#course,
      ground,
      onEvent: (event) => this.#onEvent(event, run, lan ? ground.endpoints : undefined),
      // Whatever gives way to us, we need not wait for it.
      onJoined: () => void this.#course.met().catch(() => undefined),
    });
    try {
      await run.run({ signal, timeoutMs });
    } finally {
      await this.#responder?.close();
      await this.#reader?.close();
    }
    const bytes = run.session.bytesTaken;
    const files = input === undefined && text === undefined ? paths : [STREAM_PATH];
    return { files, bytes, ms: run.elapsedMs, path: run.pathKind };
  }

  #onEvent(event: SessionEvent, run: SessionRun<SenderSession>, lan: Endpoints | undefined): void {
    const course = this.#course;
    this.#buffers?.onEvent(event, run);
    switch (event.kind) {
      case 'code':
        if (lan !== undefined) this.#answerOnLan(event.code.nameplate, lan);
        void this.#showCode(event.code, run);
        break;
      case 'wrong-code':
        void this.#keeper.change({ failedAttempts: event.used });
        course.emit({
          event: 'peer',
          state: 'wrong-code',
          attemptsLeft: event.allowed - event.used,
        });
        break;
      case 'joined':
        this.#resumeSecret = event.resumeSecret;
        void this.#offer(run);
        break;
      case 'verified':
        // Trouble with the disk is no reason to keep the receiver waiting.
        void this.#keeper.forget().then(() => {
          run.touch((session, now) => session.handleForgotten(now));
        });
        break;
      case 'heard':
        // It has kept how to meet us again, and so may we; an older secret stays what it is.
        if (this.#door.kind === 'code' && this.#resumeSecret !== undefined) {
          void this.#keeper.change({ resumeSecret: this.#resumeSecret });
        }
        break;
      case 'missing':
        course.lost();
        break;
      case 'back':
        course.found();
        break;
      case 'path':
        if (!this.#isAccepted) run.enter('waiting-for-answer');
        break;
      case 'accepted':
        this.#isAccepted = true;
        // From now on somebody would miss it.
        if (this.#summary !== undefined) void this.#keeper.change({ offer: this.#summary });
        run.enter('transferring');
        this.#finishProgress = run.meter(
          this.#isEndless ? null : this.#bytes,
          () => run.session.bytesTaken,
          () => (this.#buffers?.isBusy ? 'disk' : 'peer'),
        );
        break;
      case 'sent':
        this.#finishProgress();
        // A file without bytes is never read, and so not looked at before.
        this.#reader?.finish().catch((error: P2PShareError) => run.abort(error));
        run.enter('verifying');
        break;
      case 'finished':
        this.#tellSent(run.session.bytesTaken);
        break;
      default:
        break;
    }
  }

  /** Looking at what there is has begun long ago; here it has to be done. */
  async #offer(run: SessionRun<SenderSession>): Promise<void> {
    if (this.#reader !== undefined) return;
    try {
      const scan = await this.#source.scan();
      if (run.over.aborted || this.#reader !== undefined) return;
      const { entries, omitted, storedBytes } = scan;
      this.#reader = this.#source.reader(scan);
      this.#buffers = new FileReader(this.#reader);
      const totalBytes = entries.reduce((sum, { size }) => sum + size, 0);
      this.#bytes = totalBytes;
      this.#isEndless = isOnce({ entries });
      this.#sizes = topSizes(entries);
      const left = omitted.special + omitted.links + omitted.excluded > 0 && { omitted };
      const summary = summaryOf({ entries, totalBytes, storedBytes });
      this.#summary = summary;
      this.#course.emit({ event: 'offer', ...summary, ...left });
      run.touch((session, now) => session.offer(entries, now, storedBytes));
    } catch (error) {
      run.abort(asSourceError(error));
    }
  }

  #tellSent(bytes: number): void {
    if (this.#isEndless) {
      this.#course.emit({ event: 'file', path: STREAM_PATH, bytes, status: 'sent' });
      return;
    }
    const sizes = [...this.#sizes.values()];
    for (const [index, path] of this.#options.paths.entries()) {
      this.#course.emit({ event: 'file', path, bytes: sizes[index] ?? 0, status: 'sent' });
    }
  }

  /** The code is good after our death as well, so that it is kept before anybody has it. */
  async #showCode(code: Code, run: SessionRun<SenderSession>): Promise<void> {
    const { kind } = this.#door;
    if (kind === 'code') await this.#keeper.change({ code });
    if (run.over.aborted) return;
    const shown = kind === 'code' ? code : this.#keeper.ticket.code;
    this.#course.emit({ event: 'code', code: formatCode(shown) });
    run.enter('waiting-for-peer');
  }

  /** Makes us findable without a server; HERE leaves from the socket at which to claim. */
  #answerOnLan(nameplate: number, endpoints: Endpoints): void {
    const socket = endpoints.sockets.find(({ family }) => family === 'udp4');
    void this.#responder?.close();
    this.#responder = new LanResponder({
      nameplate,
      answer: (payload, remote) => socket?.send({ remote, payload, segmentSize: payload.length }),
    });
    void this.#responder.start();
  }
}

import { monotonicNow } from '../../io/clock.ts';
import { zstd } from '../../io/compression/zstd.ts';
import type { SourceScan } from '../../io/source/source-scan.ts';
import type { EntryReader } from '../../io/source/stream-reader.ts';
import { STREAM_PATH } from '../../io/target/stream-sink.ts';
import type { P2PShareError } from '../../protocol/errors.ts';
import { type Code, formatCode } from '../../protocol/handshake/code.ts';
import { SenderSession } from '../../protocol/session/sender-session.ts';
import type { SessionEvent } from '../../protocol/session/session-event.ts';
import { bytesOf, type Entries } from '../../protocol/transfer/entries/entry.ts';
import type { RateCap } from '../../protocol/transport/rate-cap.ts';
import type { SendOptions } from '../api/options.ts';
import type { TransferResult } from '../api/transfer-handle.ts';
import type { AttemptCourse } from '../attempts/attempts.ts';
import { currentEntry } from '../session/current-entry.ts';
import { LanAnswers } from '../session/lan-answers.ts';
import { type OfferSummary, summaryOf, topSizes } from '../session/offer-summary.ts';
import { prepareSession } from '../session/session-ground.ts';
import { SessionRun } from '../session/session-run.ts';
import { verified } from '../session/verification.ts';
import { asSourceError, FileReader } from '../source/file-reader.ts';
import type { Source } from '../source/source.ts';
import type { SendTicket } from '../tickets/ticket.ts';
import { keptSoon, type TicketKeeper } from '../tickets/ticket-keeper.ts';
import type { Door } from './sender-attempts.ts';

/** What a session needs of the ticket of its transfer. */
export type SendKeeper = Pick<
  TicketKeeper<SendTicket>,
  'ticket' | 'change' | 'forget' | 'endWithProcess'
>;

interface SendingParts {
  readonly course: AttemptCourse;
  readonly source: Source;
  readonly keeper: SendKeeper;
  readonly door: Door;
  /** What may be sent, by all sessions of the transfer together. */
  readonly cap: RateCap | undefined;
}

/** Files on their way out, in one session. */
export class Sending {
  readonly #options: SendOptions;
  readonly #course: AttemptCourse;
  readonly #keeper: SendKeeper;
  readonly #door: Door;
  readonly #source: Source;
  readonly #cap: RateCap | undefined;
  #reader: EntryReader | undefined;
  #buffers: FileReader | undefined;
  #finishProgress: () => void = () => undefined;
  #hasPath = false;
  #isAccepted = false;
  #summary: OfferSummary | undefined;
  #entries: Entries = [];
  /** Entries that were left out after all. */
  readonly #omitted = new Set<number>();
  #resumeSecret: Uint8Array | undefined;
  /** Aborted when another question takes the place of the one about the verifier. */
  #question = new AbortController();

  constructor(options: SendOptions, { course, source, keeper, door, cap }: SendingParts) {
    this.#options = options;
    this.#course = course;
    this.#keeper = keeper;
    this.#door = door;
    this.#source = source;
    this.#cap = cap;
  }

  async run(signal: AbortSignal, timeoutMs: number | undefined): Promise<TransferResult> {
    const { servers = [], paths, input, text } = this.#options;
    if (servers.length > 0) this.#course.emit({ event: 'status', phase: 'finding-server' });
    const ground = await prepareSession({ ...this.#options, cap: this.#cap });
    const { lan } = ground;
    const { kind, words, place, failedAttempts } = this.#door;
    const session = new SenderSession(
      {
        ...ground.options,
        words,
        place,
        isReunion: kind !== 'code',
        failedAttempts,
        lan,
        compresses: this.#options.compress ?? true,
      },
      monotonicNow(),
    );
    const answers = lan ? new LanAnswers(ground.endpoints) : undefined;
    const run = new SessionRun({
      session,
      handle: this.#course,
      ground,
      onEvent: (event) => this.#onEvent(event, run, answers),
      // Whatever gives way to us, we need not wait for it.
      onJoined: () => void this.#course.met().catch(() => undefined),
    });
    if (this.#door.kind === 'code')
      this.#source.prepare().catch((error) => this.#spare(run, error));
    try {
      await run.run({ signal, timeoutMs });
    } finally {
      await answers?.close();
      await this.#reader?.close();
    }
    const { bytesTaken: bytes, movedBytes: travelledBytes } = run.session;
    const files = input === undefined && text === undefined ? paths : [STREAM_PATH];
    return { files, bytes, travelledBytes, ...run.way };
  }

  #onEvent(
    event: SessionEvent,
    run: SessionRun<SenderSession>,
    answers: LanAnswers | undefined,
  ): void {
    const course = this.#course;
    this.#buffers?.onEvent(event, run);
    switch (event.kind) {
      case 'code':
        answers?.begin(event.code.nameplate);
        void this.#showCode(event.code, run);
        break;
      case 'wrong-code': {
        void this.#keeper.change({ failedAttempts: event.used });
        const attemptsLeft = event.allowed - event.used;
        course.emit({ event: 'peer', state: 'wrong-code', attemptsLeft });
        break;
      }
      case 'joined':
        this.#resumeSecret = event.resumeSecret;
        void this.#offer(run, event.verifier);
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
      case 'failed':
        // It has what was offered before the last time that we died, and wants nothing else.
        if (event.code === 'P2P_SOURCE_CHANGED' && event.by === 'peer')
          this.#keeper.endWithProcess();
        break;
      case 'missing':
        course.lost();
        break;
      case 'back':
        course.found();
        break;
      case 'path':
        this.#hasPath = true;
        this.#awaitAnswer(run);
        break;
      case 'accepted':
        this.#onAccepted(run);
        break;
      case 'sent':
        this.#onSent(run);
        break;
      case 'finished':
        this.#tellSent(run.session.bytesTaken);
        break;
      default:
        break;
    }
  }

  /** Whether nobody knows how long it is going to be. */
  get #isStream(): boolean {
    return this.#summary?.bytes === null;
  }

  /** Nobody is to come for nothing; whoever has come is told when the offer cannot be made. */
  #spare(run: SessionRun<SenderSession>, error: unknown): void {
    if (this.#resumeSecret === undefined) run.abort(asSourceError(error));
  }

  /** It is waited for as soon as the offer is made and can get there. */
  #awaitAnswer(run: SessionRun<SenderSession>): void {
    const isOffered = this.#summary !== undefined;
    if (isOffered && this.#hasPath && !this.#isAccepted) run.enter('waiting-for-answer');
  }

  #onAccepted(run: SessionRun<SenderSession>): void {
    this.#isAccepted = true;
    // From now on somebody would miss it.
    if (this.#summary !== undefined) void this.#keeper.change({ offer: this.#summary });
    run.enter('transferring');
    this.#finishProgress = run.meter({
      total: this.#summary?.bytes ?? null,
      done: () => run.session.bytesTaken,
      moved: () => run.session.movedBytes,
      cause: () => (this.#buffers?.isBusy ? 'disk' : 'peer'),
      lastCause: () => 'peer',
      current: () => currentEntry(this.#entries, this.#buffers?.entry),
      isPipe: this.#isStream,
    });
  }

  #onSent(run: SessionRun<SenderSession>): void {
    this.#finishProgress();
    // A file without bytes is never read, and so not looked at before.
    const isLenient = this.#options.skipChanged === true;
    this.#reader?.finish(isLenient).catch((error: P2PShareError) => run.abort(error));
    run.enter('verifying');
  }

  /** Looking at what there is has begun long ago; here it has to be done. */
  async #offer(run: SessionRun<SenderSession>, verifier: Uint8Array): Promise<void> {
    if (this.#reader !== undefined) return;
    try {
      // Another has taken the place of the first one, whose words are nobody's any more.
      this.#question.abort();
      this.#question = new AbortController();
      const over = AbortSignal.any([run.over, this.#question.signal]);
      await verified(this.#options, this.#keeper, verifier, over);
      if (over.aborted) return;
      const scanning = run.during('preparing', this.#source.scan());
      const [scan, codec] = await Promise.all([scanning, zstd()]);
      if (run.over.aborted || this.#reader !== undefined) return;
      const { entries, omitted, storedBytes } = scan;
      this.#entries = entries;
      this.#reader = this.#source.reader(scan);
      this.#buffers = new FileReader(this.#reader, { onOmitted: this.#omits(scan), zstd: codec });
      const totalBytes = bytesOf(entries);
      const left = omitted.special + omitted.links + omitted.excluded > 0 && { omitted };
      const summary = summaryOf({ entries, totalBytes, storedBytes });
      this.#summary = summary;
      this.#course.emit({ event: 'offer', ...summary, ...left });
      run.touch((session, now) => session.offer(entries, now, storedBytes));
      this.#awaitAnswer(run);
    } catch (error) {
      run.abort(asSourceError(error));
    }
  }

  /** What is done about a file that cannot be read as it was offered, if the others are to be sent. */
  #omits({ pathOf }: SourceScan): ((entry: number, error: P2PShareError) => void) | undefined {
    if (this.#options.skipChanged !== true) return undefined;
    return (entry, { code }) => {
      this.#omitted.add(entry);
      this.#course.emit({ event: 'omitted', path: pathOf(entry), code });
    };
  }

  #tellSent(bytes: number): void {
    if (this.#isStream) {
      this.#course.emit({ event: 'file', path: STREAM_PATH, bytes, status: 'sent' });
      return;
    }
    const sizes = [...topSizes(this.#entries, this.#omitted).values()];
    for (const [index, path] of this.#options.paths.entries()) {
      this.#course.emit({ event: 'file', path, bytes: sizes[index] ?? 0, status: 'sent' });
    }
  }

  /** The code is good after our death as well, and so it is kept first, if the disk has time for it. */
  async #showCode(code: Code, run: SessionRun<SenderSession>): Promise<void> {
    const { kind } = this.#door;
    if (kind === 'code') await keptSoon(this.#keeper.change({ code }));
    if (run.over.aborted) return;
    const shown = kind === 'code' ? code : this.#keeper.ticket.code;
    this.#course.emit({ event: 'code', code: formatCode(shown) });
    run.enter('waiting-for-peer');
  }
}

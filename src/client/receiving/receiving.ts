import { monotonicNow } from '../../io/clock.ts';
import { isNameTaken } from '../../io/files/file-errors.ts';
import type { FileSink } from '../../io/target/file-sink.ts';
import { type ErrorCode, P2PShareError } from '../../protocol/errors.ts';
import { ReceiverSession } from '../../protocol/session/receiver-session.ts';
import type { SessionEvent } from '../../protocol/session/session-event.ts';
import type { Offer as TransferOffer } from '../../protocol/transfer/entries/entry.ts';
import type { FileEvent } from '../api/events.ts';
import type { ConflictPolicy, ReceiveOptions } from '../api/options.ts';
import type { TransferResult } from '../api/transfer-handle.ts';
import { type AttemptCourse, GIVES_WAY, MOVES_ON } from '../attempts/attempts.ts';
import { Doubt } from '../attempts/doubt.ts';
import { decided } from '../session/answer.ts';
import { currentEntry } from '../session/current-entry.ts';
import { lanSearchMs, searchLan } from '../session/lan-search.ts';
import { type OfferSummary, summaryOf } from '../session/offer-summary.ts';
import { prepareSession } from '../session/session-ground.ts';
import { SessionRun } from '../session/session-run.ts';
import { verified } from '../session/verification.ts';
import { conflictPolicy } from '../tickets/conflict-policy.ts';
import type { ReceiveTicket } from '../tickets/ticket.ts';
import type { TicketKeeper } from '../tickets/ticket-keeper.ts';
import { type Destination, destinationOf, wishesOf } from './destination.ts';
import { asTargetError, type FileWriter, writerFor } from './file-writer.ts';
import { type Completed, publishReceived } from './publish-received.ts';
import { acceptedBefore, isSettled } from './receive-ticket.ts';
import type { Invitation } from './receiver-attempts.ts';

interface ReceivingParts {
  readonly course: AttemptCourse;
  readonly keeper: TicketKeeper<ReceiveTicket>;
  readonly invitation: Invitation;
}

/** What is accepted, and how. */
interface Taking {
  readonly offer: TransferOffer;
  readonly summary: OfferSummary;
  readonly chunkBytes: number;
  readonly destination: Destination;
  readonly onConflict: ConflictPolicy;
  /** Whether it was accepted in an earlier session. */
  readonly isResumed: boolean;
}

/** One file on its way in, in one session. */
export class Receiving {
  readonly #options: Omit<ReceiveOptions, 'code'>;
  readonly #course: AttemptCourse;
  readonly #keeper: TicketKeeper<ReceiveTicket>;
  readonly #invitation: Invitation;
  /** What had travelled when the sender was told of our consent: infinitely much while it is not. */
  #movedAtConsent: number;
  #run: SessionRun<ReceiverSession> | undefined;
  #sink: FileSink | undefined;
  #writer: FileWriter | undefined;
  /** What there is to do when everything is here. */
  #complete: (omitted: readonly number[]) => Promise<void> = async () => undefined;
  #outcome: { readonly files: readonly string[]; readonly bytes: number } | undefined;
  #work: Promise<void> = Promise.resolve();
  #finishProgress: () => void = () => undefined;
  readonly #doubt: Doubt;

  constructor(
    options: Omit<ReceiveOptions, 'code'>,
    { course, keeper, invitation }: ReceivingParts,
  ) {
    this.#options = options;
    this.#course = course;
    this.#doubt = new Doubt(course);
    this.#keeper = keeper;
    this.#movedAtConsent = keeper.ticket.offer === undefined ? Number.POSITIVE_INFINITY : -1;
    this.#invitation = invitation;
  }

  async run(signal: AbortSignal, timeoutMs: number | undefined): Promise<TransferResult> {
    const { code } = this.#invitation;
    this.#course.emit({ event: 'status', phase: 'finding-server' });
    const ground = await prepareSession(this.#options);
    const searchFor = ground.lan ? lanSearchMs(ground.servers.length > 0) : undefined;
    const session = new ReceiverSession({ ...ground.options, code, searchFor }, monotonicNow());
    const run = new SessionRun({
      session,
      handle: this.#course,
      ground,
      onEvent: (event) => this.#onEvent(event, run),
    });
    this.#run = run;
    let failure: unknown;
    const searcher = ground.lan ? searchLan(code.nameplate, run) : undefined;
    try {
      run.enter('waiting-for-peer');
      await run.run({ signal, timeoutMs });
    } catch (error) {
      failure = error;
    } finally {
      this.#doubt.end();
      await searcher?.stop();
      await this.#work;
    }
    // Whatever happens to the goodbyes, what is done is done.
    if (failure !== undefined && this.#outcome === undefined) {
      await this.#leave(failure, run);
      throw failure;
    }
    if (this.#outcome === undefined) throw new Error('unreachable: finished without a file');
    return { ...this.#outcome, travelledBytes: session.movedBytes, ...run.way };
  }

  /** What has come stays, if anything can go on with it. */
  async #leave(failure: unknown, run: SessionRun<ReceiverSession>): Promise<void> {
    const isMovedOn = failure === GIVES_WAY || failure === MOVES_ON;
    if (!isMovedOn && this.#isForgotten(failure, run)) this.#keeper.endWithProcess();
    const canGoOn = isMovedOn || this.#keeper.canGoOn(failure);
    await (canGoOn ? this.#sink?.close() : this.#sink?.discard());
  }

  /** Whether it is cancelled, and a sender who has heard of no consent keeps nothing to meet us again. */
  #isForgotten(failure: unknown, run: SessionRun<ReceiverSession>): boolean {
    if (!(failure instanceof P2PShareError) || failure.code !== 'P2P_CANCELLED') return false;
    if (failure.by === 'peer') return run.session.movedBytes <= this.#movedAtConsent;
    // One that cannot hear of our leaving either waits for us.
    return this.#movedAtConsent === Number.POSITIVE_INFINITY && !run.isPeerMissing;
  }

  #onEvent(event: SessionEvent, run: SessionRun<ReceiverSession>): void {
    switch (event.kind) {
      case 'keep':
        void this.#keep(event, run);
        break;
      case 'queued':
      case 'rate-limited':
        // Who has said for how long has meant this as well.
        if (this.#options.timeoutMs === undefined) run.waitForEver();
        break;
      case 'joined':
        this.#doubt.begin();
        // An offer is looked at when this is done: one step of the shell comes after another.
        this.#do(() => verified(this.#options, this.#keeper, event.verifier, run.over));
        break;
      case 'heard':
        run.enterSoon('waiting-for-offer');
        this.#doubt.heard();
        break;
      case 'back':
        this.#doubt.heard();
        break;
      case 'missing':
        this.#doubt.missed();
        break;
      case 'dismissed':
        this.#keeper.stay(false);
        break;
      case 'offer':
        this.#do(() => this.#answer(event, run));
        break;
      case 'write':
      case 'write-group':
        this.#writer?.write(event);
        break;
      case 'complete':
        this.#finishProgress();
        run.commit((session, now) => session.hurry(now));
        this.#do(() => this.#complete(event.omitted));
        break;
      default:
        break;
    }
  }

  /** Before the sender hears of us: from then on it counts on us to find it again. */
  async #keep(
    { resumeSecret, isElsewhere }: Extract<SessionEvent, { kind: 'keep' }>,
    run: SessionRun<ReceiverSession>,
  ): Promise<void> {
    const isFirst = this.#invitation.kind === 'code';
    try {
      await this.#course.met(isFirst ? resumeSecret : undefined);
    } catch {
      // Another session was faster, and this one is about to end.
      return;
    }
    if (isElsewhere) {
      await this.#keeper.change({ isOneOfSeveral: true });
      run.leave(MOVES_ON);
    } else run.touch((session, now) => session.handleKept(now));
  }

  /** Runs a step of the shell's own; what it throws ends the session. */
  #do(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch((error: unknown) => {
      this.#run?.abort(asTargetError(error));
    });
  }

  async #answer(
    { offer, chunkBytes }: Extract<SessionEvent, { kind: 'offer' }>,
    run: SessionRun<ReceiverSession>,
  ): Promise<void> {
    if (run.over.aborted) return;
    const { entries } = offer;
    const summary = summaryOf(offer);
    const accepted = acceptedBefore(this.#keeper.ticket, summary, this.#options.onConflict);
    const isResumed = accepted !== undefined;
    this.#course.emit({ event: 'offer', ...summary, ...(isResumed && { resumed: true }) });
    run.enter('waiting-for-answer');
    if (await isSettled(this.#keeper.ticket, entries, run.hasher)) return this.#confirm(offer, run);
    const destination = await destinationOf(entries, this.#options);
    const { path, exists } = destination;
    const decision =
      accepted ??
      (await decided(this.#options, { ...summary, destination: path, exists }, run.over));
    if (decision === undefined) return;
    if (!decision.accept) throw new P2PShareError('P2P_DECLINED', 'declined here');
    const onConflict = conflictPolicy(this.#options, decision);
    if (exists && onConflict === 'skip' && entries.length === 1) {
      const file: FileEvent = { event: 'file', path, bytes: 0, status: 'skipped' };
      return this.#takeNothing(file, 'P2P_TARGET_EXISTS', run);
    }
    await this.#take({ offer, summary, chunkBytes, destination, onConflict, isResumed }, run);
  }

  /** Opens the destination, and says yes. */
  async #take(
    { offer, summary, chunkBytes, destination, onConflict, isResumed }: Taking,
    run: SessionRun<ReceiverSession>,
  ): Promise<void> {
    const { folder, text } = destination;
    const { id, result, offer: before } = this.#keeper.ticket;
    if (summary.bytes === null || text !== undefined) this.#keeper.endWithProcess();
    // Noted first, so that nothing lies there that nobody knows of.
    const accept = { ...summary, onConflict };
    await this.#keeper.change({ offer: accept, ...(folder !== undefined && { folder }) });
    const { entries, storedBytes } = offer;
    const { hasher } = run;
    const opening = destination.open({ onConflict, id, hasher, chunkBytes, storedBytes });
    const opened = await run.during('preparing', opening).catch((error: unknown) => {
      // What is in the way is what it offered before it died, and we have had all of that.
      if (result !== undefined && isNameTaken(error)) return undefined;
      // Nothing has come yet that anybody would miss, and the sender does not wait for it.
      if (!isResumed && isNameTaken(error)) this.#keeper.endWithProcess();
      throw error;
    });
    if (opened === undefined) {
      this.#keeper.stay(false);
      const [path, bytes] = [result ?? '', before?.bytes ?? 0];
      const file: FileEvent = { event: 'file', path, bytes, status: 'written' };
      return this.#takeNothing(file, 'P2P_SOURCE_CHANGED', run);
    }
    const { sink, holdings } = opened;
    this.#sink = sink;
    this.#writer = writerFor(run, sink, chunkBytes);
    this.#complete = (omitted) => this.#publish({ sink, destination, offer, omitted }, run);
    const wishes = await wishesOf(sink, this.#options);
    // What begins after the end would have nobody to stop it.
    if (run.over.aborted) return;
    this.#movedAtConsent = Math.min(run.session.movedBytes, this.#movedAtConsent);
    run.touch((session, now) => session.accept(now, holdings, wishes));
    run.enter('transferring');
    const { bytes: total } = summary;
    const cause = () => (this.#writer?.isBusy ? 'disk' : 'peer');
    const lastCause = () => (this.#outcome === undefined ? 'disk' : 'peer');
    const isPipe = typeof this.#options.out === 'object';
    const done = () => run.session.bytesArrived;
    const moved = () => run.session.movedBytes;
    const current = () => currentEntry(entries, this.#writer?.entry);
    this.#finishProgress = run.meter({ total, done, moved, cause, lastCause, current, isPipe });
  }

  /** What is there stays as it is: that is the outcome, and the sender is told why. */
  #takeNothing(file: FileEvent, reason: ErrorCode, run: SessionRun<ReceiverSession>): void {
    this.#outcome = { files: [file.path], bytes: file.bytes };
    this.#course.emit(file);
    run.touch((session, now) => session.decline(reason, now));
  }

  /** The sender died before it knew that we have everything: it is told that nothing is wanted. */
  #confirm({ entries, totalBytes }: TransferOffer, run: SessionRun<ReceiverSession>): void {
    const holdings = { skipped: [{ first: 0, count: entries.length }], have: [], bases: [] };
    this.#complete = async () => {
      this.#keeper.stay(true);
      const path = this.#keeper.ticket.result ?? '';
      this.#outcome = { files: [path], bytes: totalBytes };
      this.#course.emit({ event: 'file', path, bytes: totalBytes, status: 'written' });
      run.touch((session, now) => session.handlePublished(now));
    };
    run.touch((session, now) => session.accept(now, holdings));
  }

  async #publish(completed: Completed, run: SessionRun<ReceiverSession>): Promise<void> {
    const { hasher } = run;
    const bytes = run.session.bytesWritten;
    const { files, events } = await publishReceived(completed, this.#keeper, { bytes, hasher });
    // Until it dismisses us the sender may die, and ask again.
    this.#keeper.stay(true);
    this.#outcome = { files, bytes };
    for (const event of events) this.#course.emit(event);
    run.touch((session, now) => session.handlePublished(now));
  }
}

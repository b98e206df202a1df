import { once } from 'node:events';
import { monotonicNow } from '../io/clock.ts';
import { removeLeftovers } from '../io/file-leftovers.ts';
import type { FileSink } from '../io/file-sink.ts';
import { LanSearcher } from '../io/lan-beacon.ts';
import { P2PShareError } from '../protocol/errors.ts';
import { ReceiverSession } from '../protocol/session/receiver-session.ts';
import type { SessionEvent } from '../protocol/session/session-event.ts';
import { millis } from '../protocol/time.ts';
import type { AttemptCourse } from './attempts.ts';
import { type Destination, destinationOf, onlyFile, type SingleFile } from './destination.ts';
import type { FileStatus } from './events.ts';
import { FileWriter } from './file-writer.ts';
import type { ConflictPolicy, Decision, Offer, ReceiveOptions } from './options.ts';
import { acceptedBefore } from './receive-ticket.ts';
import { receivedBefore } from './received-before.ts';
import type { Invitation } from './receiver-attempts.ts';
import { prepareSession } from './session-ground.ts';
import { SessionRun } from './session-run.ts';
import type { ReceiveTicket } from './ticket.ts';
import type { TicketKeeper } from './ticket-keeper.ts';
import type { TransferResult } from './transfer-handle.ts';

/** How long after the handshake a path is waited for before the sender is doubted. */
const DOUBT_MS = 5000;
/** How long the LAN is searched: alone, and beside a server that knows the answer anyway. */
const LAN_SEARCH_MS = 10_000;
const LAN_SEARCH_BESIDE_SERVER_MS = 1500;

interface ReceivingParts {
  readonly course: AttemptCourse;
  readonly keeper: TicketKeeper<ReceiveTicket>;
  readonly invitation: Invitation;
}

/** One file on its way in, in one session. */
export class Receiving {
  readonly #options: Omit<ReceiveOptions, 'code'>;
  readonly #course: AttemptCourse;
  readonly #keeper: TicketKeeper<ReceiveTicket>;
  readonly #invitation: Invitation;
  #run: SessionRun<ReceiverSession> | undefined;
  #sink: FileSink | undefined;
  #writer: FileWriter | undefined;
  #status: FileStatus = 'written';
  /** The file, where an earlier attempt has brought it. */
  #received: string | undefined;
  #outcome: { readonly file: string; readonly bytes: number } | undefined;
  #work: Promise<void> = Promise.resolve();
  #finishProgress: () => void = () => undefined;
  /** Until the sender is heard on a path, when it may be looked for otherwise. */
  #doubt: NodeJS.Timeout | undefined;

  constructor(
    options: Omit<ReceiveOptions, 'code'>,
    { course, keeper, invitation }: ReceivingParts,
  ) {
    this.#options = options;
    this.#course = course;
    this.#keeper = keeper;
    this.#invitation = invitation;
  }

  async run(signal: AbortSignal, timeoutMs: number | undefined): Promise<TransferResult> {
    const { code } = this.#invitation;
    this.#course.emit({ event: 'status', phase: 'finding-server' });
    const ground = await prepareSession(this.#options);
    const searching = ground.lan;
    const searchMs = ground.servers.length === 0 ? LAN_SEARCH_MS : LAN_SEARCH_BESIDE_SERVER_MS;
    const session = new ReceiverSession(
      {
        ...ground.options,
        code,
        searchFor: searching ? millis(searchMs) : undefined,
      },
      monotonicNow(),
    );
    const run = new SessionRun({
      session,
      handle: this.#course,
      ground,
      onEvent: (event) => this.#onEvent(event, run),
    });
    this.#run = run;
    const searcher = searching ? searchLan(code.nameplate, run) : undefined;
    try {
      run.enter('waiting-for-peer');
      await run.run({ signal, timeoutMs });
    } catch (error) {
      // Whatever happens to the goodbyes, what is done is done.
      if (this.#outcome === undefined) throw error;
    } finally {
      clearTimeout(this.#doubt);
      await searcher?.stop();
      await this.#work;
      await this.#sink?.discard();
    }
    if (this.#outcome === undefined) throw new Error('unreachable: finished without a file');
    return { ...this.#outcome, ms: run.elapsedMs, path: run.pathKind };
  }

  #onEvent(event: SessionEvent, run: SessionRun<ReceiverSession>): void {
    switch (event.kind) {
      case 'keep':
        void this.#keep(event.resumeSecret, run);
        break;
      case 'joined':
        this.#doubt = setTimeout(() => this.#course.lost(), DOUBT_MS);
        break;
      case 'heard':
      case 'back':
        clearTimeout(this.#doubt);
        this.#course.found();
        break;
      case 'missing':
        this.#course.lost();
        break;
      case 'dismissed':
        this.#keeper.stay(false);
        break;
      case 'offer':
        this.#do(() => this.#answer(onlyFile(event.offer), run));
        break;
      case 'write':
        this.#writer?.write(event);
        break;
      case 'complete':
        this.#finishProgress();
        run.enter('verifying');
        this.#do(() => this.#publish(run));
        break;
      default:
        break;
    }
  }

  /** Before the sender hears of us: from then on it counts on us to find it again. */
  async #keep(resumeSecret: Uint8Array, run: SessionRun<ReceiverSession>): Promise<void> {
    const isFirst = this.#invitation.kind === 'code';
    try {
      await this.#course.met(isFirst ? resumeSecret : undefined);
    } catch {
      // Another session was faster, and this one is about to end.
      return;
    }
    run.touch((session, now) => session.handleKept(now));
  }

  /** Runs a step of the shell's own; what it throws ends the session. */
  #do(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch((error: unknown) => {
      this.#run?.abort(asLocalError(error));
    });
  }

  async #answer(entry: SingleFile, run: SessionRun<ReceiverSession>): Promise<void> {
    const { size, name } = entry;
    const accepted = acceptedBefore(this.#keeper.ticket, { name, entries: 1, bytes: size });
    const resumed = accepted === undefined ? {} : ({ resumed: true } as const);
    this.#course.emit({ event: 'offer', name, entries: 1, bytes: size, ...resumed });
    run.enter('waiting-for-answer');
    const destination = await destinationOf(entry, this.#options);
    const { path, exists, folder } = destination;
    const received = await receivedBefore(this.#keeper.ticket, folder, entry);
    if (received !== undefined) return this.#confirm(received, run);
    const offer = { name, entries: 1, bytes: size, destination: path, exists };
    const decision = accepted ?? (await this.#decide(offer, run.over));
    if (decision === undefined) return;
    if (!decision.accept) throw new P2PShareError('P2P_DECLINED', 'declined here');
    const onConflict = conflictPolicy(this.#options, decision);
    if (exists && onConflict === 'skip') {
      this.#finish(path, 0, 'skipped');
      run.touch((session, now) => session.decline('P2P_TARGET_EXISTS', now));
      return;
    }
    // Noted first, so that nothing lies there that nobody knows of.
    const accept = { name, entries: 1, bytes: size, onConflict };
    await this.#keeper.change({ offer: accept, ...(folder !== undefined && { folder }) });
    await this.#open(destination, onConflict, run);
    // What begins after the end would have nobody to stop it.
    if (run.over.aborted) return;
    run.touch((session, now) => session.accept(now));
    run.enter('transferring');
    this.#finishProgress = run.meter(size, () => run.session.bytesWritten);
  }

  /** The sender died before it knew that we have everything: it is told that nothing is wanted. */
  #confirm(file: string, run: SessionRun<ReceiverSession>): void {
    this.#received = file;
    const holdings = { skipped: [{ first: 0, count: 1 }], have: [] };
    run.touch((session, now) => session.accept(now, holdings));
  }

  /** The answer; `undefined` when the session was over before it came. */
  async #decide(offer: Offer, over: AbortSignal): Promise<Decision | undefined> {
    const { decide = async (): Promise<Decision> => ({ accept: true }) } = this.#options;
    const decision = await Promise.race([decide(offer, over), aborted(over)]);
    return over.aborted ? undefined : decision;
  }

  async #open(
    destination: Destination,
    onConflict: ConflictPolicy,
    run: SessionRun<ReceiverSession>,
  ): Promise<void> {
    const { exists, folder } = destination;
    const { id } = this.#keeper.ticket;
    if (folder !== undefined) await removeLeftovers(folder, id);
    this.#sink = await destination.open(onConflict, id);
    this.#writer = new FileWriter(this.#sink, {
      onWritten: (...written) =>
        run.touch((session, now) => session.handleWritten(...written, now)),
      onFailed: (error) => run.abort(error),
    });
    if (exists && onConflict === 'rename') this.#status = 'renamed';
    if (exists && onConflict === 'overwrite') this.#status = 'overwritten';
  }

  async #publish(run: SessionRun<ReceiverSession>): Promise<void> {
    const file = this.#received ?? (await this.#nameFile());
    // Until it dismisses us the sender may die, and ask again.
    this.#keeper.stay(true);
    this.#finish(file, run.session.bytesWritten, this.#status);
    run.touch((session, now) => session.handlePublished(now));
  }

  /** Gives the file its name; if we die in the middle of that, it is known again. */
  async #nameFile(): Promise<string> {
    const sink = this.#sink as FileSink;
    const identity = await sink.identity?.();
    if (identity !== undefined) await this.#keeper.change({ identity });
    return await sink.publish();
  }

  #finish(file: string, bytes: number, status: FileStatus): void {
    this.#outcome = { file, bytes };
    this.#course.emit({ event: 'file', path: file, bytes, status });
  }
}

function searchLan(nameplate: number, run: SessionRun<ReceiverSession>): LanSearcher {
  const searcher = new LanSearcher({
    nameplate,
    onFound: (endpoint) => run.touch((session, now) => session.addServer(endpoint, now)),
  });
  searcher.start();
  return searcher;
}

/** `ask` without an answer is `fail`: nothing is replaced that nobody agreed to. */
function conflictPolicy(
  options: Omit<ReceiveOptions, 'code'>,
  decision: Extract<Decision, { accept: true }>,
): ConflictPolicy {
  const { onConflict = 'fail' } = options;
  return decision.onConflict ?? (onConflict === 'ask' ? 'fail' : onConflict);
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
}

function asLocalError(error: unknown): P2PShareError {
  if (error instanceof P2PShareError) return error;
  return new P2PShareError('P2P_LOCAL_IO', String(error), { cause: error });
}

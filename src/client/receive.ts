import { once } from 'node:events';
import { monotonicNow } from '../io/clock.ts';
import type { FileSink } from '../io/file-sink.ts';
import { LanSearcher } from '../io/lan-beacon.ts';
import { P2PShareError } from '../protocol/errors.ts';
import { type Code, parseCode } from '../protocol/handshake/code.ts';
import { ReceiverSession } from '../protocol/session/receiver-session.ts';
import type { SessionEvent } from '../protocol/session/session-event.ts';
import { millis } from '../protocol/time.ts';
import {
  type Destination,
  destinationOf,
  onlyFile,
  requireDestination,
  type SingleFile,
} from './destination.ts';
import type { FileStatus } from './events.ts';
import { FileWriter } from './file-writer.ts';
import type { ConflictPolicy, Decision, Offer, ReceiveOptions } from './options.ts';
import { prepareSession } from './session-ground.ts';
import { SessionRun } from './session-run.ts';
import { type Transfer, TransferHandle, type TransferResult } from './transfer-handle.ts';

/** How long the sender is waited for when nothing else is said. */
const DEFAULT_TIMEOUT_MS = 60_000;
/** How long the LAN is searched: alone, and beside a server that knows the answer anyway. */
const LAN_SEARCH_MS = 10_000;
const LAN_SEARCH_BESIDE_SERVER_MS = 1500;

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
  const parsed = parseCode(options.code);
  if (parsed.kind !== 'code') {
    throw new P2PShareError('P2P_CODE_INVALID', JSON.stringify(parsed.problem));
  }
  await requireDestination(options);
  return await new Receiving(options, handle).run(parsed.code);
}

/** One file on its way in. */
class Receiving {
  readonly #options: ReceiveOptions;
  readonly #handle: TransferHandle;
  #run: SessionRun<ReceiverSession> | undefined;
  #sink: FileSink | undefined;
  #writer: FileWriter | undefined;
  #status: FileStatus = 'written';
  #outcome: { readonly file: string; readonly bytes: number } | undefined;
  #work: Promise<void> = Promise.resolve();
  #finishProgress: () => void = () => undefined;

  constructor(options: ReceiveOptions, handle: TransferHandle) {
    this.#options = options;
    this.#handle = handle;
  }

  async run(code: Code): Promise<TransferResult> {
    const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    this.#handle.emit({ event: 'status', phase: 'finding-server' });
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
      handle: this.#handle,
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
        run.touch((session, now) => session.handleKept(now));
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

  /** Runs a step of the shell's own; what it throws ends the session. */
  #do(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch((error: unknown) => {
      this.#run?.abort(asLocalError(error));
    });
  }

  async #answer(entry: SingleFile, run: SessionRun<ReceiverSession>): Promise<void> {
    const { size, name } = entry;
    this.#handle.emit({ event: 'offer', name, entries: 1, bytes: size });
    run.enter('waiting-for-answer');
    const destination = await destinationOf(entry, this.#options);
    const { path, exists } = destination;
    const offer = { name, entries: 1, bytes: size, destination: path, exists };
    const decision = await this.#decide(offer, run.over);
    if (decision === undefined) return;
    if (!decision.accept) throw new P2PShareError('P2P_DECLINED', 'declined here');
    const onConflict = conflictPolicy(this.#options, decision);
    if (exists && onConflict === 'skip') {
      this.#finish(path, 0, 'skipped');
      run.touch((session, now) => session.decline('P2P_TARGET_EXISTS', now));
      return;
    }
    await this.#open(destination, onConflict, run);
    // What begins after the end would have nobody to stop it.
    if (run.over.aborted) return;
    run.touch((session, now) => session.accept(now));
    run.enter('transferring');
    this.#finishProgress = run.meter(size, () => run.session.bytesWritten);
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
    const { exists } = destination;
    this.#sink = await destination.open(onConflict);
    this.#writer = new FileWriter(this.#sink, {
      onWritten: (...written) =>
        run.touch((session, now) => session.handleWritten(...written, now)),
      onFailed: (error) => run.abort(error),
    });
    if (exists && onConflict === 'rename') this.#status = 'renamed';
    if (exists && onConflict === 'overwrite') this.#status = 'overwritten';
  }

  async #publish(run: SessionRun<ReceiverSession>): Promise<void> {
    const sink = this.#sink as FileSink;
    const file = await sink.publish();
    this.#finish(file, run.session.bytesWritten, this.#status);
    run.touch((session, now) => session.handlePublished(now));
  }

  #finish(file: string, bytes: number, status: FileStatus): void {
    this.#outcome = { file, bytes };
    this.#handle.emit({ event: 'file', path: file, bytes, status });
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
  options: ReceiveOptions,
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

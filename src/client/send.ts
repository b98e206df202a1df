import { monotonicNow } from '../io/clock.ts';
import { type FileSource, openSource } from '../io/file-source.ts';
import { LanResponder } from '../io/lan-beacon.ts';
import type { P2PShareError } from '../protocol/errors.ts';
import { formatCode, randomWords } from '../protocol/handshake/code.ts';
import { SenderSession } from '../protocol/session/sender-session.ts';
import type { SessionEvent } from '../protocol/session/session-event.ts';
import type { Endpoints } from './endpoints.ts';
import { FileReader } from './file-reader.ts';
import type { SendOptions } from './options.ts';
import { prepareSession } from './session-ground.ts';
import { SessionRun } from './session-run.ts';
import { type Transfer, TransferHandle, type TransferResult } from './transfer-handle.ts';

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
  const source = await openSource(options.file);
  try {
    return await new Sending(options, handle, source).run();
  } finally {
    await source.close();
  }
}

/** One file on its way out. */
class Sending {
  readonly #options: SendOptions;
  readonly #handle: TransferHandle;
  readonly #source: FileSource;
  readonly #reader: FileReader;
  #responder: LanResponder | undefined;
  #finishProgress: () => void = () => undefined;
  #isAccepted = false;

  constructor(options: SendOptions, handle: TransferHandle, source: FileSource) {
    this.#options = options;
    this.#handle = handle;
    this.#source = source;
    this.#reader = new FileReader(source);
  }

  async run(): Promise<TransferResult> {
    const { servers = [], signal, timeoutMs, file } = this.#options;
    if (servers.length > 0) this.#handle.emit({ event: 'status', phase: 'finding-server' });
    const ground = await prepareSession(this.#options);
    const { lan } = ground;
    const session = new SenderSession(
      {
        ...ground.options,
        entries: [this.#source.entry],
        words: randomWords(ground.options.random),
        lan,
      },
      monotonicNow(),
    );
    const run = new SessionRun({
      session,
      handle: this.#handle,
      ground,
      onEvent: (event) => this.#onEvent(event, run, lan ? ground.endpoints : undefined),
    });
    try {
      await run.run({ signal, timeoutMs });
    } finally {
      await this.#responder?.close();
    }
    const { size } = this.#source.entry;
    return { file, bytes: size, ms: run.elapsedMs, path: run.pathKind };
  }

  #onEvent(event: SessionEvent, run: SessionRun<SenderSession>, lan: Endpoints | undefined): void {
    const handle = this.#handle;
    const { size, path } = this.#source.entry;
    this.#reader.onEvent(event, run);
    switch (event.kind) {
      case 'code':
        handle.emit({ event: 'code', code: formatCode(event.code) });
        run.enter('waiting-for-peer');
        if (lan !== undefined) this.#answerOnLan(event.code.nameplate, lan);
        break;
      case 'wrong-code':
        handle.emit({
          event: 'peer',
          state: 'wrong-code',
          attemptsLeft: event.allowed - event.used,
        });
        break;
      case 'joined':
        handle.emit({ event: 'offer', name: String(path[0]), entries: 1, bytes: size });
        break;
      case 'path':
        if (!this.#isAccepted) run.enter('waiting-for-answer');
        break;
      case 'accepted':
        this.#isAccepted = true;
        run.enter('transferring');
        this.#finishProgress = run.meter(size, () => run.session.bytesTaken);
        break;
      case 'sent':
        this.#finishProgress();
        // A file without bytes is never read, and so not looked at before.
        this.#source.finish().catch((error: P2PShareError) => run.abort(error));
        run.enter('verifying');
        break;
      case 'finished':
        handle.emit({ event: 'file', path: this.#options.file, bytes: size, status: 'sent' });
        break;
      default:
        break;
    }
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

import type { FileSink } from '../io/file-sink.ts';
import { P2PShareError } from '../protocol/errors.ts';
import type { ReceiverSession } from '../protocol/session/receiver-session.ts';
import type { SessionEvent } from '../protocol/session/session-event.ts';
import type { SessionRun } from './session-run.ts';

/** Bytes of one write: chunks that wait behind a write are written together, up to this. */
const MAX_WRITE_BYTES = 4 * 2 ** 20;

type WriteWish = Extract<SessionEvent, { kind: 'write' }>;

/** Carries out a session's writes, one at a time and neighbours together. */
export class FileWriter {
  readonly #sink: FileSink;
  readonly #run: SessionRun<ReceiverSession>;
  readonly #waiting: WriteWish[] = [];
  #busy = false;

  constructor(sink: FileSink, run: SessionRun<ReceiverSession>) {
    this.#sink = sink;
    this.#run = run;
  }

  write(wish: WriteWish): void {
    this.#waiting.push(wish);
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    try {
      for (let batch = this.#next(); batch !== undefined; batch = this.#next()) {
        const { entry, offset, buffers, length } = batch;
        await this.#sink.write(offset, buffers);
        this.#run.touch((session, now) => session.handleWritten(entry, offset, length, now));
      }
    } catch (error) {
      this.#run.abort(asTargetError(error));
    } finally {
      this.#busy = false;
    }
  }

  /** The oldest wish and those that continue it. */
  #next(): { entry: number; offset: number; buffers: Uint8Array[]; length: number } | undefined {
    const first = this.#waiting.shift();
    if (first === undefined) return undefined;
    const { entry, offset } = first;
    const buffers = [first.bytes];
    let length = first.bytes.length;
    while (length < MAX_WRITE_BYTES) {
      const index = this.#waiting.findIndex(
        (wish) => wish.entry === entry && wish.offset === offset + length,
      );
      const next = index === -1 ? undefined : this.#waiting.splice(index, 1)[0];
      if (next === undefined) break;
      buffers.push(next.bytes);
      length += next.bytes.length;
    }
    return { entry, offset, buffers, length };
  }
}

function asTargetError(error: unknown): P2PShareError {
  if (error instanceof P2PShareError) return error;
  return new P2PShareError('P2P_LOCAL_IO', String(error), { cause: error });
}

import type { EntryReader } from '../io/stream-reader.ts';
import { P2PShareError } from '../protocol/errors.ts';
import type { SenderSession } from '../protocol/session/sender-session.ts';
import type { SessionEvent } from '../protocol/session/session-event.ts';
import { ChunkMemory } from '../protocol/transfer/chunk-memory.ts';
import { CHUNK_BYTES } from '../protocol/transfer/limits.ts';
import type { SessionRun } from './session-run.ts';

/** Answers a session's wishes for chunks of the source, in buffers that come back. */
export class FileReader {
  readonly #source: EntryReader;
  readonly #memory = new ChunkMemory(CHUNK_BYTES);
  #reading = 0;
  #entry: number | undefined;

  constructor(source: EntryReader) {
    this.#source = source;
  }

  /** Whether something is being read. */
  get isBusy(): boolean {
    return this.#reading > 0;
  }

  /** The entry that was read last, from 0. */
  get entry(): number | undefined {
    return this.#entry;
  }

  onEvent(event: SessionEvent, run: SessionRun<SenderSession>): void {
    if (event.kind === 'released') this.#memory.giveBack(event.buffer);
    if (event.kind === 'read') void this.#read(event, run);
  }

  async #read(
    wish: Extract<SessionEvent, { kind: 'read' }>,
    run: SessionRun<SenderSession>,
  ): Promise<void> {
    const { entry, offset, length } = wish;
    this.#reading += 1;
    this.#entry = entry;
    try {
      const buffer = this.#memory.take(length);
      const read = await this.#source.read(entry, offset, buffer);
      run.report((session, now) =>
        session.handleRead(entry, offset, buffer.subarray(0, read), now),
      );
    } catch (error) {
      run.abort(asSourceError(error));
    } finally {
      this.#reading -= 1;
    }
  }
}

export function asSourceError(error: unknown): P2PShareError {
  if (error instanceof P2PShareError) return error;
  return new P2PShareError('P2P_SOURCE_UNREADABLE', String(error), { cause: error });
}

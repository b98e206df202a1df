import type { Codec } from '../../io/compression/codec.ts';
import type { EntryReader } from '../../io/source/stream-reader.ts';
import { type ErrorCode, P2PShareError } from '../../protocol/errors.ts';
import type { SenderSession } from '../../protocol/session/sender-session.ts';
import type { SessionEvent } from '../../protocol/session/session-event.ts';
import { ChunkMemory } from '../../protocol/transfer/chunks/chunk-memory.ts';
import { CHUNK_BYTES } from '../../protocol/transfer/limits.ts';
import type { SessionRun } from '../session/session-run.ts';
import { Compressor } from './compressor.ts';

interface FileReaderOptions {
  /** A file is left out that cannot be read as it was offered; without it that ends the session. */
  readonly onOmitted: ((entry: number, error: P2PShareError) => void) | undefined;
  /** Zstandard, where this machine has it. */
  readonly zstd: Codec | undefined;
}

/** Answers a session's wishes for chunks of the source, in buffers that come back. */
export class FileReader {
  readonly #source: EntryReader;
  readonly #options: FileReaderOptions;
  readonly #omitted = new Set<number>();
  readonly #memory = new ChunkMemory(CHUNK_BYTES);
  readonly #compressor: Compressor;
  #reading = 0;
  #entry: number | undefined;

  constructor(source: EntryReader, options: FileReaderOptions) {
    this.#source = source;
    this.#options = options;
    this.#compressor = new Compressor(() => performance.now(), options);
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
    if (event.kind === 'compress') void this.#compress(event, run);
  }

  async #read(
    wish: Extract<SessionEvent, { kind: 'read' }>,
    run: SessionRun<SenderSession>,
  ): Promise<void> {
    const { entry, offset, length, mayBeShort } = wish;
    this.#reading += 1;
    this.#entry = entry;
    const buffer = this.#memory.take(length);
    try {
      const onPause = mayBeShort
        ? () => run.report((session, now) => session.handlePause(now))
        : undefined;
      const read = await this.#source.read(entry, offset, buffer, onPause);
      const bytes = mayBeShort ? this.#fitted(buffer, read) : buffer.subarray(0, read);
      run.report((session, now) => session.handleRead(entry, offset, bytes, now));
    } catch (error) {
      this.#memory.giveBack(buffer);
      this.#fail(entry, asSourceError(error), run);
    } finally {
      this.#reading -= 1;
    }
  }

  /** Many short chunks may wait for the network: none takes much more memory than it has bytes. */
  #fitted(buffer: Uint8Array, length: number): Uint8Array {
    if (length > buffer.length / 2) return buffer.subarray(0, length);
    const bytes = this.#memory.take(length);
    bytes.set(buffer.subarray(0, length));
    this.#memory.giveBack(buffer);
    return bytes;
  }

  async #compress(
    { chunks, ...pace }: Extract<SessionEvent, { kind: 'compress' }>,
    run: SessionRun<SenderSession>,
  ): Promise<void> {
    const pieces = chunks.map(({ bytes }) => bytes);
    try {
      const compressing = this.#compressor.begin(pieces, pace);
      // Where there is no time for it, there is none for keeping them back until the next turn either.
      const compressed = compressing && (await compressing);
      run.report((session, now) => session.handleCompressed(chunks, compressed, now));
    } catch (error) {
      run.abort(asSourceError(error));
    }
  }

  #fail(entry: number, error: P2PShareError, run: SessionRun<SenderSession>): void {
    let isOmitted = false;
    const { onOmitted } = this.#options;
    if (onOmitted !== undefined && OMITTABLE.has(error.code)) {
      run.report((session, now) => {
        isOmitted = session.omit(entry, now);
      });
    }
    if (!isOmitted) run.abort(error);
    else if (!this.#omitted.has(entry)) {
      // Several reads of it may have been under way.
      this.#omitted.add(entry);
      onOmitted?.(entry, error);
    }
  }
}

/** What can be wrong with a file that has nothing to do with the others. */
const OMITTABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'P2P_SOURCE_CHANGED',
  'P2P_SOURCE_MISSING',
  'P2P_SOURCE_UNREADABLE',
]);

export function asSourceError(error: unknown): P2PShareError {
  if (error instanceof P2PShareError) return error;
  return new P2PShareError('P2P_SOURCE_UNREADABLE', String(error), { cause: error });
}

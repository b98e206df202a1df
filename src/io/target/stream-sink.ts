import { WriteStream } from 'node:fs';
import { Socket } from 'node:net';
import { P2PShareError } from '../../protocol/errors.ts';
import { errnoOf, fileError } from '../files/file-errors.ts';
import type { FileSink } from './file-sink.ts';
import type { Published } from './tree-publish.ts';

/** What a stream has instead of a path. */
export const STREAM_PATH = '-';

/**
 * A file that goes to a stream, such as standard output, as it comes: chunks are checked, the whole
 * is not before its end. Writes wait for the stream's reader. The stream belongs to others, so
 * it is not ended. Rejects with `P2P_CANCELLED` when nobody reads any more.
 */
export class StreamSink implements FileSink {
  readonly inOrder = true;
  readonly #stream: NodeJS.WritableStream;
  readonly #mayKeep: boolean;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    this.#mayKeep = !endsInKernel(stream);
    // Writes tell of it; without a listener it would end the process, also when it comes late.
    if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
  }

  async write(_entry: number, _offset: number, buffers: readonly Uint8Array[]): Promise<void> {
    for (const buffer of buffers) await this.#writeOne(buffer);
  }

  async settle(): Promise<number> {
    return 0;
  }

  async publish(): Promise<Published[]> {
    return [{ offered: STREAM_PATH, name: STREAM_PATH, status: 'written' }];
  }

  /** What was written cannot be taken back, and what is being written is not waited for. */
  async close(): Promise<void> {}

  async discard(): Promise<void> {}

  async #writeOne(buffer: Uint8Array): Promise<void> {
    // The memory is another chunk's as soon as this resolves.
    const bytes = this.#mayKeep ? new Uint8Array(buffer) : buffer;
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(bytes, (error) => {
        if (error) reject(streamError(error));
        else resolve();
      });
    });
  }
}

/** Whether a write that is done has left this process. Other streams hand the very memory on. */
function endsInKernel(stream: NodeJS.WritableStream): boolean {
  return stream === process.stdout || stream instanceof Socket || stream instanceof WriteStream;
}

const CLOSED = new Set([
  'EPIPE',
  'ECONNRESET',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);

function streamError(error: Error): P2PShareError {
  if (!CLOSED.has(errnoOf(error) ?? '')) return fileError(error, 'target');
  return new P2PShareError('P2P_CANCELLED', 'nobody reads the stream any more', { cause: error });
}

function ignore(): void {}

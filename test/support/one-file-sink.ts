import { basename, join } from 'node:path';
import { createHasher } from '../../src/crypto/xxhash.ts';
import { openSink, type SinkOptions, type TreeSink } from '../../src/io/target/tree-sink.ts';
import { P2PShareError } from '../../src/protocol/errors.ts';
import type { FileEntry } from '../../src/protocol/transfer/entries/entry.ts';

export type OneFileOptions = Pick<SinkOptions, 'target' | 'onConflict' | 'files'> & {
  readonly entry: FileEntry;
  readonly id?: string;
  /** One, so that a test can write whatever it likes, unless the test says otherwise. */
  readonly chunkBytes?: number;
};

/** A sink for an offer of one file. */
export class OneFileSink {
  readonly #sink: TreeSink;
  readonly #directory: string;
  readonly #chunkBytes: number;

  private constructor(sink: TreeSink, directory: string, chunkBytes: number) {
    this.#sink = sink;
    this.#directory = directory;
    this.#chunkBytes = chunkBytes;
  }

  static async open(options: OneFileOptions): Promise<OneFileSink> {
    const { entry, chunkBytes = 1, id = 'test', ...rest } = options;
    const hasher = await createHasher();
    const sink = await openSink({ ...rest, entries: [entry], chunkBytes, id, hasher });
    const { target } = options;
    const directory =
      'directory' in target
        ? target.directory
        : target.file.slice(0, -basename(target.file).length);
    return new OneFileSink(sink, directory, chunkBytes);
  }

  async write(offset: number, buffers: readonly Uint8Array[]): Promise<void> {
    const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    const sums = new Array<bigint>(Math.ceil(length / this.#chunkBytes)).fill(0n);
    await this.#sink.write(0, offset, buffers, sums);
  }

  /** Yields the path of the file. */
  async publish(): Promise<string> {
    await this.#sink.settle([]);
    const [published] = await this.#sink.publish();
    if (published === undefined || published.status === 'skipped') {
      throw new P2PShareError('P2P_TARGET_EXISTS', 'skipped');
    }
    return join(this.#directory, published.name);
  }

  async discard(): Promise<void> {
    await this.#sink.discard();
  }
}

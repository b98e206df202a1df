import type { FileSink } from './file-sink.ts';
import { STREAM_PATH } from './stream-sink.ts';
import type { Published } from './tree-publish.ts';

/** Keeps a short text in memory, for whoever shows it. */
export class TextSink implements FileSink {
  readonly inOrder = false;
  readonly #bytes: Uint8Array;

  /** `size`: of the text in bytes. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  /** What came; bytes that are not UTF-8 become U+FFFD. */
  get text(): string {
    return new TextDecoder().decode(this.#bytes);
  }

  async write(_entry: number, offset: number, buffers: readonly Uint8Array[]): Promise<void> {
    let at = offset;
    for (const buffer of buffers) {
      this.#bytes.set(buffer, at);
      at += buffer.length;
    }
  }

  async settle(): Promise<number> {
    return 0;
  }

  async publish(): Promise<Published[]> {
    return [{ offered: STREAM_PATH, name: STREAM_PATH, status: 'written' }];
  }

  async close(): Promise<void> {}

  async discard(): Promise<void> {}
}

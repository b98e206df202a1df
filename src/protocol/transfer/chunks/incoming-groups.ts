import { TRANSFER_LIMITS } from '../limits.ts';
import type { GroupFrame } from '../messages/frame.ts';
import type { ChunkMemory } from './chunk-memory.ts';
import type { GroupWrite } from './chunk-writes.ts';
import { IncomingGroup } from './incoming-group.ts';
import type { OpenChunks } from './open-chunks.ts';

/** The groups of small files that are begun and not whole; what they hold is counted with the files. */
export class IncomingGroups {
  readonly #chunks: OpenChunks;
  readonly #memory: ChunkMemory;
  /** By each of their files. */
  readonly #groups = new Map<number, IncomingGroup>();

  constructor(chunks: OpenChunks, memory: ChunkMemory) {
    this.#chunks = chunks;
    this.#memory = memory;
  }

  /** That which a file travels in. */
  of(entry: number): IncomingGroup | undefined {
    return this.#groups.get(entry);
  }

  /** That which a frame is a part of, begun if need be; `undefined` when there can be none. */
  take(frame: GroupFrame): IncomingGroup | undefined {
    const group = this.#groups.get(frame.entry) ?? this.#begin(frame);
    return group?.matches(frame) ? group : undefined;
  }

  /** A group is whole, and open no more. */
  close({ files, bytes }: IncomingGroup): GroupWrite {
    const whole = files.map(({ entry, chunk }) => {
      this.#groups.delete(entry);
      return { entry, length: chunk.length, sum: this.#chunks.close(entry, chunk) };
    });
    return { files: whole, bytes };
  }

  #begin({ entry, count, size }: GroupFrame): IncomingGroup | undefined {
    if (count > TRANSFER_LIMITS.groupEntries) return undefined;
    const files = this.#chunks.openFiles(entry, count);
    if (files === undefined || files.length < 2) return undefined;
    const length = files.reduce((sum, { chunk }) => sum + chunk.length, 0);
    if (size === 0 || size >= length) return undefined;
    const group = new IncomingGroup(count, files, this.#memory.take(size));
    for (const file of files) this.#groups.set(file.entry, group);
    return group;
  }
}

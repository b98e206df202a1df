import { setAttributes } from '../files/file-attributes.ts';
import { type DenseRun, denseRuns } from '../files/file-holes.ts';
import type { OpenFile } from '../files/file-system.ts';

/** A file that is being received, open in the staging folder. */
export class StagedFile {
  readonly handle: OpenFile;
  /** Beyond this there have been nothing but zeros, so that zeros need not be written. */
  readonly #holesFrom: number;
  /** How long the file is on the disk, and how long it is with the hole that it ends in. */
  #length: number;
  #end: number;
  /** Whether anything of it may be lost with the power. */
  isDirty = false;

  constructor(handle: OpenFile, length: number) {
    this.handle = handle;
    this.#holesFrom = length;
    this.#length = length;
    this.#end = length;
  }

  /** Writes these buffers one after another from `offset` on. */
  async write(offset: number, buffers: readonly Uint8Array[]): Promise<void> {
    this.isDirty = true;
    const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    const runs =
      offset >= this.#holesFrom ? denseRuns(offset, buffers) : [{ offset, buffers: [...buffers] }];
    for (const run of runs) await this.#writeRun(run);
    this.#end = Math.max(this.#end, offset + length);
  }

  /** Makes it as long as what has been written to it, if it ends in a hole. */
  async extend(): Promise<void> {
    if (this.#length >= this.#end) return;
    await this.handle.truncate(this.#end);
    this.#length = this.#end;
  }

  /** The whole file is there: gives it its mode and time (both in the form of an entry). */
  async finish(mode: number, mtimeMs: number): Promise<void> {
    this.isDirty = true;
    await this.extend();
    await setAttributes(this.handle, { mode, modified: clampedSeconds(mtimeMs) });
  }

  async sync(): Promise<void> {
    await this.extend();
    await this.handle.sync();
    this.isDirty = false;
  }

  async #writeRun({ offset, buffers }: DenseRun): Promise<void> {
    let at = offset;
    for (let rest = [...buffers]; rest.length > 0; ) {
      const written = await this.handle.writev(rest, at);
      at += written;
      rest = after(rest, written);
    }
    this.#length = Math.max(this.#length, at);
  }
}

const DAY_MS = 86_400_000;

/** A time of modification in seconds, neither before 1970 nor after tomorrow (security rule 6). */
export function clampedSeconds(mtimeMs: number): number {
  // Half a microsecond more: as a fraction of seconds most milliseconds come out too small, and are cut.
  return (Math.min(mtimeMs, Date.now() + DAY_MS) + 0.0005) / 1000;
}

/** What is left of `buffers` after their first `written` bytes. */
function after(buffers: readonly Uint8Array[], written: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = written;
  for (const buffer of buffers) {
    if (skip < buffer.length) rest.push(buffer.subarray(skip));
    skip = Math.max(0, skip - buffer.length);
  }
  return rest;
}

/** Bytes from `offset` on that are worth writing. */
export interface DenseRun {
  readonly offset: number;
  readonly buffers: readonly Uint8Array[];
}

/**
 * What is looked at as one: a whole number of blocks of any file system in use, and long enough
 * that a file of many small holes does not become many small writes.
 */
const PIECE_BYTES = 64 * 1024;
const ZEROS = new Uint8Array(PIECE_BYTES);

/**
 * What of these buffers, one behind another from `offset` on, is to be written to a file in which
 * nothing but zeros has been there: pieces of nothing but zeros become holes.
 */
export function denseRuns(offset: number, buffers: readonly Uint8Array[]): DenseRun[] {
  const runs: { offset: number; end: number; buffers: Uint8Array[] }[] = [];
  let at = offset;
  for (const part of buffers.flatMap(densePartsOf)) {
    const begin = at + part.skipped;
    at = begin + part.bytes.length;
    if (part.bytes.length === 0) continue;
    const last = runs.at(-1);
    if (last?.end === begin) {
      last.buffers.push(part.bytes);
      last.end = at;
    } else runs.push({ offset: begin, end: at, buffers: [part.bytes] });
  }
  return runs;
}

/** The parts of a buffer, each behind so many zeros; the last one may be empty. */
function densePartsOf(buffer: Uint8Array): { skipped: number; bytes: Uint8Array }[] {
  const parts: { skipped: number; bytes: Uint8Array }[] = [];
  for (let at = 0; at < buffer.length; ) {
    const begin = endOfKind(buffer, at, true);
    const stop = endOfKind(buffer, begin, false);
    parts.push({ skipped: begin - at, bytes: buffer.subarray(begin, stop) });
    at = stop;
  }
  return parts;
}

/** Where the pieces from `at` on cease to be of this kind. */
function endOfKind(buffer: Uint8Array, at: number, zeros: boolean): number {
  let stop = at;
  while (stop < buffer.length && isZero(buffer.subarray(stop, stop + PIECE_BYTES)) === zeros) {
    stop = Math.min(stop + PIECE_BYTES, buffer.length);
  }
  return stop;
}

/** `piece`: at most 64 KiB. */
export function isZero(piece: Uint8Array): boolean {
  // Most pieces differ in their first byte, and are not compared.
  return piece[0] === 0 && Buffer.compare(piece, ZEROS.subarray(0, piece.length)) === 0;
}

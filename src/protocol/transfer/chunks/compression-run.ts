import { TRANSFER_LIMITS } from '../limits.ts';
import type { OutgoingChunk } from './outgoing-chunk.ts';

/** Below so many milliseconds of waiting no compression pays. */
export const LEAST_WAIT_MS = 5;
/** Of a full chunk, a file that travels with others has at most: larger ones compress as well alone. */
const FILE_SHARE = 1 / 8;
/** The same of all of them: more would compress hardly better, and others are to go on meanwhile. */
export const RUN_SHARE = 1 / 2;
export const RUN_FILES = 96;

/** A chunk, or small files that follow each other. */
interface WaitingRun {
  readonly chunks: readonly OutgoingChunk[];
  /** Milliseconds until the last of them would have left as it is. */
  readonly waitMs: number;
}

interface RunOptions {
  /** At which they may leave, in bytes a millisecond. */
  readonly rate: number;
  /** Of a full chunk; `undefined` where small files cannot travel together. */
  readonly chunkBytes: number | undefined;
  /** Whether the receiver is told that a file does not come after all. */
  readonly isLeftOut: (entry: number) => boolean;
}

/**
 * The next chunk, of those ahead in their order, that would wait for so long that it had better be
 * compressed, or several small files that follow each other.
 */
export function compressionRun(
  chunks: readonly OutgoingChunk[],
  options: RunOptions,
): WaitingRun | undefined {
  let waiting = 0;
  for (let index = 0; index < chunks.length; index += 1) {
    const chunk = chunks[index] as OutgoingChunk;
    waiting += leftBytes(chunk);
    const waitMs = waiting / options.rate;
    if (chunk.stage !== 'read' || chunk.sent > 0 || waitMs < LEAST_WAIT_MS) continue;
    const run = smallFiles(chunks, index, options);
    if (run.length === 0) return { chunks: [chunk], waitMs };
    if (mayGrow(chunks, index, run)) return undefined;
    for (const file of run.slice(1)) waiting += file.length;
    return { chunks: run, waitMs: waiting / options.rate };
  }
  return undefined;
}

/** Of what has been read and is not being compressed, what is not in records. */
function leftBytes({ stage, bytes, sent }: OutgoingChunk): number {
  return stage === 'compressing' ? 0 : (bytes?.length ?? 0) - sent;
}

/** As many as may travel together, from one on. */
function smallFiles(
  chunks: readonly OutgoingChunk[],
  first: number,
  { chunkBytes = 0, isLeftOut }: RunOptions,
): OutgoingChunk[] {
  const run: OutgoingChunk[] = [];
  let bytes = 0;
  for (let index = first; index < chunks.length && run.length < RUN_FILES; index += 1) {
    const chunk = chunks[index] as OutgoingChunk;
    bytes += chunk.length;
    if (!isSmallFile(chunk, FILE_SHARE * chunkBytes) || bytes > RUN_SHARE * chunkBytes) break;
    if (!isReachable(run, chunk.entry, isLeftOut)) break;
    run.push(chunk);
  }
  return run;
}

/** Whether it is a whole file, has been read, and all of it has to travel. */
function isSmallFile(chunk: OutgoingChunk, mostBytes: number): boolean {
  const { stage, offset, last, length, sent, copies } = chunk;
  const isWhole = offset === 0 && last && length <= mostBytes;
  return isWhole && stage === 'read' && sent === 0 && copies?.length === 0;
}

/** Whether the receiver will find nothing but the files of a run among their entries. */
function isReachable(
  run: readonly OutgoingChunk[],
  entry: number,
  isLeftOut: (entry: number) => boolean,
): boolean {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return true;
  if (entry - first.entry >= TRANSFER_LIMITS.groupEntries) return false;
  for (let between = last.entry + 1; between < entry; between += 1) {
    if (isLeftOut(between)) return false;
  }
  return true;
}

/**
 * Whether there had better be more files in it first. What can grow still has to go when there is less
 * than twice as much before it, or nothing would be left to send while it is compressed.
 */
function mayGrow(
  chunks: readonly OutgoingChunk[],
  first: number,
  run: readonly OutgoingChunk[],
): boolean {
  const next = chunks[first + run.length];
  if (run.length === RUN_FILES || (next !== undefined && next.stage !== 'reading')) return false;
  return next !== undefined || 2 * run.length < first;
}

import type { Hasher } from '../../protocol/ports.ts';
import { ByteReader } from '../../protocol/wire/byte-reader.ts';
import { ByteWriter } from '../../protocol/wire/byte-writer.ts';

/** Consecutive chunks of one entry that are durable, by their XXH64 sums. */
export interface HeldRun {
  readonly entry: number;
  readonly first: number;
  readonly sums: readonly bigint[];
}

/** What a journal is about. */
export interface JournalHead {
  readonly chunkBytes: number;
  /** Eight bytes for each entry of the offer: what the entry is, and in which version. */
  readonly keys: BigUint64Array;
}

export interface ReadJournal {
  readonly head: JournalHead;
  /** As they were written; read anew each time that they are looked through. */
  readonly runs: Iterable<HeldRun>;
}

// "p2psjnl1": what has another beginning is of another version, or none of ours.
const MAGIC = 0x70_32_70_73_6a_6e_6c_31n;
const HEAD_BYTES = 8 + 4 + 4 + 8;
const SUM_BYTES = 8;

/** Most bytes of a journal that are read: a million entries, and the sums of 8 TiB. */
export const MAX_JOURNAL_BYTES: number = 128 * 2 ** 20;

/** The beginning of a journal: magic, bytes of a chunk, entries, sum of the keys, keys. */
export function encodeHead({ chunkBytes, keys }: JournalHead, hasher: Hasher): Uint8Array {
  const body = new ByteWriter(8 * keys.length);
  for (const key of keys) body.uint64(key);
  const writer = new ByteWriter(HEAD_BYTES + body.length);
  writer.uint64(MAGIC);
  writer.uint32(chunkBytes);
  writer.uint32(keys.length);
  writer.uint64(hasher.xxh64(body.view()));
  writer.bytes(body.view());
  return writer.finish();
}

/** A record: bytes of its body, their XXH64, and the body: runs of chunks with their sums. */
export function encodeRecord(runs: readonly HeldRun[], hasher: Hasher): Uint8Array {
  const body = new ByteWriter(runs.reduce((sum, run) => sum + 24 + 8 * run.sums.length, 8));
  body.varint(runs.length);
  for (const { entry, first, sums } of runs) {
    body.varint(entry);
    body.varint(first);
    body.varint(sums.length);
    for (const sum of sums) body.uint64(sum);
  }
  const writer = new ByteWriter(4 + SUM_BYTES + body.length);
  writer.uint32(body.length);
  writer.uint64(hasher.xxh64(body.view()));
  writer.bytes(body.view());
  return writer.finish();
}

/**
 * Reads a journal as far as it is whole: a death in the middle of a record leaves a torn end, which
 * counts for nothing. `undefined` for what is no journal. The runs are as they were written; whether
 * they are within an offer is for others to judge.
 */
export function readJournal(bytes: Uint8Array, hasher: Hasher): ReadJournal | undefined {
  const reader = new ByteReader(bytes);
  const head = readHead(reader, hasher);
  if (head === undefined) return undefined;
  const records = reader.rest();
  return { head, runs: { [Symbol.iterator]: () => eachRun(records, hasher) } };
}

function* eachRun(records: Uint8Array, hasher: Hasher): Generator<HeldRun> {
  const reader = new ByteReader(records);
  for (let record = readRecord(reader, hasher); record; record = readRecord(reader, hasher)) {
    yield* record;
  }
}

function readHead(reader: ByteReader, hasher: Hasher): JournalHead | undefined {
  const magic = reader.uint64();
  const chunkBytes = reader.uint32();
  const count = reader.uint32();
  const sum = reader.uint64();
  if (magic !== MAGIC || chunkBytes === undefined || count === undefined) return undefined;
  const body = 8 * count > reader.remaining ? undefined : reader.bytes(8 * count);
  if (body === undefined || hasher.xxh64(body) !== sum) return undefined;
  const keys = new BigUint64Array(count);
  const fields = new ByteReader(body);
  for (let i = 0; i < count; i += 1) keys[i] = fields.uint64() ?? 0n;
  return { chunkBytes, keys };
}

function readRecord(reader: ByteReader, hasher: Hasher): HeldRun[] | undefined {
  const length = reader.uint32();
  const sum = reader.uint64();
  if (length === undefined || sum === undefined || length > reader.remaining) return undefined;
  const body = reader.bytes(length);
  return body !== undefined && hasher.xxh64(body) === sum
    ? readRuns(new ByteReader(body))
    : undefined;
}

function readRuns(reader: ByteReader): HeldRun[] | undefined {
  const count = reader.varint();
  if (count === undefined || count > reader.remaining) return undefined;
  const runs: HeldRun[] = [];
  for (let i = 0; i < count; i += 1) {
    const entry = reader.varint();
    const first = reader.varint();
    const length = reader.varint();
    if (entry === undefined || first === undefined || length === undefined) return undefined;
    if (SUM_BYTES * length > reader.remaining) return undefined;
    const sums: bigint[] = [];
    for (let j = 0; j < length; j += 1) sums.push(reader.uint64() ?? 0n);
    runs.push({ entry, first, sums });
  }
  return runs;
}

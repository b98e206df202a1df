import type { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';

/**
 * A type and five numbers at their longest. Up to 64 bytes are part of V8's own heap, as long
 * as there is no second view of them: that would make a buffer of its own for each frame.
 */
const MAX_FRAME_BYTES = 41;

/** What a record is made of (docs/protocol-transfer.md, "Records and frames"). */
export const FrameType = {
  data: 1,
  sum: 2,
  message: 3,
  messagePart: 4,
  delivered: 5,
  end: 6,
  copy: 7,
  zeros: 8,
  compressed: 9,
  group: 10,
  short: 11,
} as const;

export type Frame =
  | {
      readonly kind: 'data';
      readonly entry: number;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'sum'; readonly entry: number; readonly chunk: number; readonly sum: bigint }
  | { readonly kind: 'end'; readonly entry: number; readonly size: number }
  | {
      readonly kind: 'copy';
      readonly entry: number;
      readonly offset: number;
      readonly length: number;
      /** Within the older file. */
      readonly from: number;
    }
  | {
      readonly kind: 'zeros';
      readonly entry: number;
      readonly offset: number;
      readonly length: number;
    }
  | {
      readonly kind: 'compressed';
      readonly entry: number;
      readonly chunk: number;
      /** Of what travels, in bytes. */
      readonly length: number;
    }
  | {
      readonly kind: 'short';
      readonly entry: number;
      readonly chunk: number;
      /** Of the chunk, in bytes. */
      readonly length: number;
      /** Of what travels; less than the length where that is compressed. */
      readonly size: number;
    }
  | GroupFrame
  | MessageFrame
  | { readonly kind: 'delivered'; readonly next: number };

/** A part of what several files are that travel compressed together. */
export interface GroupFrame {
  readonly kind: 'group';
  /** The first of them. */
  readonly entry: number;
  /** How many entries they are among, from the first on. */
  readonly count: number;
  /** Of all that travels of them, in bytes. */
  readonly size: number;
  /** Within that. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A message, or a part of one that the next message frames go on with. */
export interface MessageFrame {
  readonly kind: 'message';
  readonly sequence: number;
  readonly last: boolean;
  readonly body: Uint8Array;
}

/**
 * Reads the frame at the reader's position; its bytes are a view into the record. `undefined` when
 * it is cut short or of a type that we do not know, which spoils the whole record: nothing says
 * where the next frame would begin.
 */
export function readFrame(reader: ByteReader): Frame | undefined {
  const type = reader.uint8();
  if (type === FrameType.data) return readData(reader);
  if (type === FrameType.sum) return readSum(reader);
  if (type === FrameType.end) return readEnd(reader);
  if (type === FrameType.copy) return readCopy(reader);
  if (type === FrameType.zeros) return readZeros(reader);
  if (type === FrameType.compressed) return readCompressed(reader);
  if (type === FrameType.group) return readGroup(reader);
  if (type === FrameType.short) return readShort(reader);
  if (type === FrameType.message) return readMessage(reader, true);
  if (type === FrameType.messagePart) return readMessage(reader, false);
  if (type !== FrameType.delivered) return undefined;
  const next = reader.varint();
  return next === undefined ? undefined : { kind: 'delivered', next };
}

/** The bytes that stand before a data frame's `length` bytes of file. */
export function dataHeader(entry: number, offset: number, length: number): Uint8Array {
  return frame(FrameType.data, entry, offset, length);
}

/** How many of `available` bytes of file fit a data frame of at most `room` bytes; may be negative. */
export function dataRoom(entry: number, offset: number, available: number, room: number): number {
  return roomBehind(1 + varintBytes(entry) + varintBytes(offset), available, room);
}

export function sumFrame(entry: number, chunk: number, sum: bigint): Uint8Array {
  const writer = begun(FrameType.sum, entry, chunk);
  writer.uint64(sum);
  return writer.finish();
}

/** Tells that the receiver has these bytes of an entry in its older file, from `from` on. */
export function copyFrame(entry: number, offset: number, length: number, from: number): Uint8Array {
  return frame(FrameType.copy, entry, offset, length, from);
}

/** Tells that these bytes of an entry are zeros. */
export function zerosFrame(entry: number, offset: number, length: number): Uint8Array {
  return frame(FrameType.zeros, entry, offset, length);
}

/** Tells that a chunk travels compressed, and in how many bytes. */
export function compressedFrame(entry: number, chunk: number, length: number): Uint8Array {
  return frame(FrameType.compressed, entry, chunk, length);
}

/** Tells that a chunk of a stream has only `length` bytes, and in how many it travels. */
export function shortFrame(entry: number, chunk: number, length: number, size: number): Uint8Array {
  return frame(FrameType.short, entry, chunk, length, size);
}

/** The bytes that stand before `length` bytes of what several files are, compressed together. */
export function groupHeader(
  { entry, count, size, offset }: Omit<GroupFrame, 'kind' | 'bytes'>,
  length: number,
): Uint8Array {
  return frame(FrameType.group, entry, count, size, offset, length);
}

/** The same for a frame of several files together. */
export function groupRoom(
  { entry, count, size, offset }: Omit<GroupFrame, 'kind' | 'bytes'>,
  room: number,
): number {
  const numbers = [entry, count, size, offset];
  const header = numbers.reduce((sum, each) => sum + varintBytes(each), 1);
  return roomBehind(header, size - offset, room);
}

/** Tells how long a stream was. */
export function endFrame(entry: number, size: number): Uint8Array {
  return frame(FrameType.end, entry, size);
}

/** The bytes that stand before the `length` bytes of a message's body, or of a part of it. */
export function messageHeader(sequence: number, last: boolean, length: number): Uint8Array {
  return frame(last ? FrameType.message : FrameType.messagePart, sequence, length);
}

/** Tells the peer that all its messages below `next` have been delivered. */
export function deliveredFrame(next: number): Uint8Array {
  return frame(FrameType.delivered, next);
}

function frame(type: number, ...fields: readonly number[]): Uint8Array {
  return begun(type, ...fields).finish();
}

function begun(type: number, ...fields: readonly number[]): ByteWriter {
  const writer = new ByteWriter(MAX_FRAME_BYTES);
  writer.uint8(type);
  for (const field of fields) writer.varint(field);
  return writer;
}

/** What fits of so many bytes behind a header that ends in their number. */
function roomBehind(header: number, available: number, room: number): number {
  const most = Math.min(available, room);
  return Math.min(available, room - header - varintBytes(Math.max(most, 0)));
}

/** The length of a varint in its shortest form (RFC 9000 §16). */
function varintBytes(value: number): number {
  if (value < 0x40) return 1;
  if (value < 0x4000) return 2;
  return value < 0x40000000 ? 4 : 8;
}

function readData(reader: ByteReader): Frame | undefined {
  const entry = reader.varint();
  const offset = reader.varint();
  const bytes = reader.prefixed(reader.remaining);
  if (entry === undefined || offset === undefined || bytes === undefined) return undefined;
  return { kind: 'data', entry, offset, bytes };
}

function readSum(reader: ByteReader): Frame | undefined {
  const entry = reader.varint();
  const chunk = reader.varint();
  const sum = reader.uint64();
  if (entry === undefined || chunk === undefined || sum === undefined) return undefined;
  return { kind: 'sum', entry, chunk, sum };
}

function readCopy(reader: ByteReader): Frame | undefined {
  const entry = reader.varint();
  const offset = reader.varint();
  const length = reader.varint();
  const from = reader.varint();
  if (entry === undefined || offset === undefined) return undefined;
  if (length === undefined || from === undefined) return undefined;
  return { kind: 'copy', entry, offset, length, from };
}

function readZeros(reader: ByteReader): Frame | undefined {
  const entry = reader.varint();
  const offset = reader.varint();
  const length = reader.varint();
  if (entry === undefined || offset === undefined || length === undefined) return undefined;
  return { kind: 'zeros', entry, offset, length };
}

function readCompressed(reader: ByteReader): Frame | undefined {
  const entry = reader.varint();
  const chunk = reader.varint();
  const length = reader.varint();
  if (entry === undefined || chunk === undefined || length === undefined) return undefined;
  return { kind: 'compressed', entry, chunk, length };
}

function readShort(reader: ByteReader): Frame | undefined {
  const entry = reader.varint();
  const chunk = reader.varint();
  const length = reader.varint();
  const size = reader.varint();
  if (entry === undefined || chunk === undefined) return undefined;
  if (length === undefined || size === undefined) return undefined;
  return { kind: 'short', entry, chunk, length, size };
}

function readGroup(reader: ByteReader): Frame | undefined {
  const entry = reader.varint();
  const count = reader.varint();
  const size = reader.varint();
  const offset = reader.varint();
  const bytes = reader.prefixed(reader.remaining);
  if (entry === undefined || count === undefined || size === undefined) return undefined;
  if (offset === undefined || bytes === undefined) return undefined;
  return { kind: 'group', entry, count, size, offset, bytes };
}

function readEnd(reader: ByteReader): Frame | undefined {
  const entry = reader.varint();
  const size = reader.varint();
  return entry === undefined || size === undefined ? undefined : { kind: 'end', entry, size };
}

function readMessage(reader: ByteReader, last: boolean): MessageFrame | undefined {
  const sequence = reader.varint();
  const body = reader.prefixed(reader.remaining);
  if (sequence === undefined || body === undefined) return undefined;
  return { kind: 'message', sequence, last, body };
}

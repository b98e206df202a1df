import { ByteReader } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';
import { RangeSet } from '../wire/range-set.ts';

/** ACK ranges per frame: 64 take at most 1,024 bytes, and every packet is reported in many frames. */
export const MAX_ACK_RANGES = 64;
/** Records whose repetition is asked for in one ACK; more wait for the next. */
export const MAX_REJECTED_RECORDS = 8;
/** Bytes of a CLOSE frame's text. */
export const MAX_REASON_BYTES = 120;

/** Frame types of control packets. Behind `padding` there is nothing to be read. */
const FrameType = { padding: 0x00, ping: 0x01, ack: 0x02, close: 0x03 } as const;

/** A record that did not open, and how often it has failed so far. */
export interface RejectedRecord {
  readonly record: number;
  readonly attempt: number;
}

export interface AckFrame {
  readonly kind: 'ack';
  /** Microseconds between the arrival of the largest packet number and this frame. */
  readonly delayMicros: number;
  /** Record numbers below this may be sent. */
  readonly credit: number;
  /** Only individually sealed slices are taken at the moment. */
  readonly strict: boolean;
  readonly received: RangeSet;
  readonly rejected: readonly RejectedRecord[];
}

export interface CloseFrame {
  readonly kind: 'close';
  readonly code: number;
  readonly reason: string;
}

export type Frame = { readonly kind: 'ping' } | AckFrame | CloseFrame;

/**
 * Writes an ACK frame. The ranges are the newest ones, largest first, as RFC 9000 §19.3 has them:
 * first range, then gap and length. There may be none, because strict mode, credit and rejections
 * must be told even when nothing could be acknowledged yet: so their number comes first.
 */
export function writeAck(writer: ByteWriter, ack: Omit<AckFrame, 'kind'>): void {
  const { received } = ack;
  const count = Math.min(received.rangeCount, MAX_ACK_RANGES);
  const top = received.rangeCount - 1;
  writer.uint8(FrameType.ack);
  writer.varint(ack.delayMicros);
  writer.varint(ack.credit);
  writer.uint8(ack.strict ? 1 : 0);
  writer.varint(ack.rejected.length);
  for (const { record, attempt } of ack.rejected) {
    writer.varint(record);
    writer.varint(attempt);
  }
  writer.varint(count);
  if (count === 0) return;
  writer.varint(received.end(top) - 1);
  writer.varint(received.end(top) - received.start(top) - 1);
  for (let i = top - 1; i > top - count; i -= 1) {
    writer.varint(received.start(i + 1) - received.end(i) - 1);
    writer.varint(received.end(i) - received.start(i) - 1);
  }
}

/** Fills a packet up with `count` bytes, at least one; nothing can follow. */
export function writePadding(writer: ByteWriter, count: number): void {
  writer.uint8(FrameType.padding);
  writer.zeros(count - 1);
}

export function writePing(writer: ByteWriter): void {
  writer.uint8(FrameType.ping);
}

export function writeClose(writer: ByteWriter, code: number, reason: string): void {
  writer.uint8(FrameType.close);
  writer.varint(code);
  writer.prefixed(new TextEncoder().encode(reason).subarray(0, MAX_REASON_BYTES));
}

/** All frames of a control packet, or `undefined` if any of them is not well-formed. */
export function readFrames(bytes: Uint8Array): Frame[] | undefined {
  const reader = new ByteReader(bytes);
  const frames: Frame[] = [];
  while (reader.remaining > 0) {
    const frame = readFrame(reader);
    if (frame === 'padding') break;
    if (frame === undefined) return undefined;
    frames.push(frame);
  }
  return frames;
}

function readFrame(reader: ByteReader): Frame | 'padding' | undefined {
  switch (reader.uint8()) {
    case FrameType.padding:
      return 'padding';
    case FrameType.ping:
      return { kind: 'ping' };
    case FrameType.ack:
      return readAck(reader);
    case FrameType.close:
      return readClose(reader);
    default:
      return undefined;
  }
}

function readAck(reader: ByteReader): AckFrame | undefined {
  const delayMicros = reader.varint();
  const credit = reader.varint();
  const flags = reader.uint8();
  const rejected = readRejected(reader);
  const received = readRanges(reader);
  if (delayMicros === undefined || credit === undefined || flags === undefined) return undefined;
  if (rejected === undefined || received === undefined) return undefined;
  return { kind: 'ack', delayMicros, credit, strict: (flags & 1) === 1, received, rejected };
}

function readRejected(reader: ByteReader): RejectedRecord[] | undefined {
  const count = reader.varint();
  if (count === undefined || count > MAX_REJECTED_RECORDS) return undefined;
  const rejected: RejectedRecord[] = [];
  for (let i = 0; i < count; i += 1) {
    const record = reader.varint();
    const attempt = reader.varint();
    if (record === undefined || attempt === undefined) return undefined;
    rejected.push({ record, attempt });
  }
  return rejected;
}

function readRanges(reader: ByteReader): RangeSet | undefined {
  const count = reader.varint();
  if (count === undefined || count > MAX_ACK_RANGES) return undefined;
  if (count === 0) return new RangeSet();
  const largest = reader.varint();
  const first = reader.varint();
  if (largest === undefined || first === undefined || first > largest) return undefined;
  // They come largest first and the set appends at the end: so collect, then add from below.
  const bounds = [largest - first, largest + 1];
  for (let i = 1; i < count; i += 1) {
    const gap = reader.varint();
    const length = reader.varint();
    if (gap === undefined || length === undefined) return undefined;
    const end = (bounds[bounds.length - 2] as number) - gap - 1;
    if (end - length - 1 < 0) return undefined;
    bounds.push(end - length - 1, end);
  }
  const received = new RangeSet();
  for (let i = bounds.length - 2; i >= 0; i -= 2) {
    received.add(bounds[i] as number, bounds[i + 1] as number);
  }
  return received;
}

function readClose(reader: ByteReader): CloseFrame | undefined {
  const code = reader.varint();
  const reason = reader.prefixed(MAX_REASON_BYTES);
  if (code === undefined || reason === undefined) return undefined;
  return { kind: 'close', code, reason: new TextDecoder().decode(reason) };
}

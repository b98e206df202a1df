import { ByteReader } from '../../wire/byte-reader.ts';
import { protocolViolation, type Violation } from '../violation.ts';
import { type Frame, readFrame } from './frame.ts';

/** Hands the frames of a record to `handle`, one by one, up to the first that breaks a rule. */
export function readRecord(
  plaintext: Uint8Array,
  handle: (frame: Frame) => Violation | undefined,
): Violation | undefined {
  const reader = new ByteReader(plaintext);
  while (reader.remaining > 0) {
    const frame = readFrame(reader);
    if (frame === undefined) return protocolViolation('malformed frame');
    const violation = handle(frame);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

import type { SeededRandom } from './seeded-random.ts';

const WORDS = 20;
const MAX_WORD_BYTES = 8;

/** Bytes that repeat some short words in random order, so that they can be compressed. */
export function seededText(random: SeededRandom, length: number): Uint8Array {
  const words = Array.from({ length: WORDS }, () =>
    random.bytes(1 + random.integer(MAX_WORD_BYTES)),
  );
  const bytes = new Uint8Array(length + MAX_WORD_BYTES);
  for (let at = 0; at < length; ) {
    const word = words[random.integer(WORDS)] as Uint8Array;
    bytes.set(word, at);
    at += word.length;
  }
  return bytes.slice(0, length);
}

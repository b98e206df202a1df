import { WORDS } from './wordlist.ts';

const BITS_PER_WORD = 11;

/**
 * The verifier of a session as words for two people to compare: 8 bytes are six words, of which the last
 * is filled up with two zero bits. Whoever sits in the middle of two handshakes has two verifiers, and
 * one chance in 2^64 for each try that they are the same.
 */
export function verifierWords(verifier: Uint8Array): string[] {
  const words: string[] = [];
  let [bits, count] = [0, 0];
  for (const byte of verifier) {
    [bits, count] = [bits * 256 + byte, count + 8];
    if (count < BITS_PER_WORD) continue;
    count -= BITS_PER_WORD;
    words.push(WORDS[Math.floor(bits / 2 ** count)] as string);
    bits %= 2 ** count;
  }
  if (count > 0) words.push(WORDS[bits * 2 ** (BITS_PER_WORD - count)] as string);
  return words;
}

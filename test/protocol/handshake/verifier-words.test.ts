import { describe, expect, it } from 'vitest';
import { verifierWords } from '../../../src/protocol/handshake/verifier-words.ts';
import { WORDS } from '../../../src/protocol/handshake/wordlist.ts';

describe('the words of a verifier', () => {
  it('are six for eight bytes', () => {
    expect(verifierWords(new Uint8Array(8))).toEqual(Array(6).fill(WORDS[0]));
    const ones = verifierWords(new Uint8Array(8).fill(255));
    // The last one has nine bits of it, and two zeros.
    expect(ones).toEqual([...Array(5).fill(WORDS[2047]), WORDS[2044]]);
  });

  it('depend on every bit', () => {
    const seen = new Set<string>();
    for (let bit = 0; bit < 64; bit += 1) {
      const verifier = new Uint8Array(8);
      verifier[bit >> 3] = 0x80 >> (bit & 7);
      seen.add(verifierWords(verifier).join(' '));
    }
    expect(seen.size).toBe(64);
  });

  it('read the bits in the order in which they are written', () => {
    // 00000000001 00000000010 00000000011 0...
    const verifier = Uint8Array.from([0, 0b00100000, 0b00001000, 0b00000001, 0b10000000, 0, 0, 0]);
    expect(verifierWords(verifier).slice(0, 3)).toEqual([WORDS[1], WORDS[2], WORDS[3]]);
  });
});

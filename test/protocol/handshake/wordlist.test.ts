import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { WORDS } from '../../../src/protocol/handshake/wordlist.ts';

describe('the word list', () => {
  it('has 2,048 different words, so that each is worth 11 bits', () => {
    expect(WORDS).toHaveLength(2048);
    expect(new Set(WORDS).size).toBe(2048);
  });

  it('is the list of docs/protocol-handshake.md: other words are another protocol', () => {
    expect(createHash('sha256').update(WORDS.join('-')).digest('hex')).toBe(
      'fc264e218cf22ca975c1f9d3e59765130e08d13f30f31cfc9d8886c618323c81',
    );
  });

  it('holds lower-case ASCII words of three to eight letters, in order', () => {
    expect(WORDS.filter((word) => !/^[a-z]{3,8}$/.test(word))).toEqual([]);
    expect([...WORDS].sort()).toEqual(WORDS);
  });

  it('tells every word from all others by its first four letters', () => {
    const clashes = WORDS.filter((word) => {
      const key = word.slice(0, 4);
      return WORDS.some((other) => other !== word && other.startsWith(key));
    });
    expect(clashes).toEqual([]);
  });

  it('has no two words of which one becomes the other by a single slip', () => {
    // Two words are one slip apart exactly when leaving out at most one letter of each, at the same
    // place for an exchange, makes them equal; so words that share no such remainder are far enough.
    const remainders = new Map<string, Set<string>>();
    for (const word of WORDS) {
      for (let i = 0; i <= word.length; i += 1) {
        const rest = word.slice(0, i) + word.slice(i + 1);
        remainders.set(rest, (remainders.get(rest) ?? new Set()).add(word));
      }
    }
    const near = [...remainders.values()].flatMap((words) =>
      [...words].flatMap((a) => [...words].filter((b) => a < b && distance(a, b) < 2)),
    );
    expect(near).toEqual([]);
    expect(distance('boar', 'bear')).toBe(1);
    expect(distance('acorn', 'corn')).toBe(1);
  });
});

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const exchange = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchange, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

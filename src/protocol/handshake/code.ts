import type { Random } from '../ports.ts';
import { WORDS } from './wordlist.ts';

/** What one person tells the other: where to meet, and the secret that shows who is meant. */
export interface Code {
  /** 1,000 to 999,999: chosen by the server, not secret. */
  readonly nameplate: number;
  /** Words of the list; they never leave the machine in any form that a guess could be tried on. */
  readonly words: readonly string[];
}

export type ParsedCode =
  | { readonly kind: 'code'; readonly code: Code }
  | { readonly kind: 'problem'; readonly problem: CodeProblem };

/** Why a text is not a code, in terms of which a person can mend it. */
export type CodeProblem =
  | { readonly kind: 'empty' }
  | { readonly kind: 'too-long' }
  /** It does not begin with a number of four to six digits. */
  | { readonly kind: 'nameplate' }
  | { readonly kind: 'word-count'; readonly count: number }
  /** `position` counts from 1; `suggestion` is the only word of the list one slip away. */
  | { readonly kind: 'unknown-word'; readonly position: number; readonly suggestion?: string };

export const limits = {
  /** The longest code has 6 + 6 * 9 characters; the rest is room for blanks and quotes. */
  codeCharacters: 256,
  nameplate: { least: 1_000, most: 999_999 },
  /** 33 bits; fewer words are not safe with three attempts (docs/protocol-handshake.md). */
  leastWords: 3,
  mostWords: 6,
  /** Shorter beginnings of words are too easily another word's. */
  prefixLetters: 3,
} as const;

/**
 * Reads a code as people type it: any case, blanks or other signs between the words, words cut
 * short as long as it stays clear which are meant.
 */
export function parseCode(text: string): ParsedCode {
  // First of all, so that nothing long is normalised or split.
  if (text.length > limits.codeCharacters) return problem({ kind: 'too-long' });
  const parts = text.normalize('NFKC').toLowerCase().split(SEPARATORS).filter(Boolean);
  const [first, ...typed] = parts;
  if (first === undefined) return problem({ kind: 'empty' });
  if (!NAMEPLATE.test(first)) return problem({ kind: 'nameplate' });
  if (typed.length < limits.leastWords || typed.length > limits.mostWords) {
    return problem({ kind: 'word-count', count: typed.length });
  }
  const words: string[] = [];
  for (const [index, entry] of typed.entries()) {
    const word = findWord(entry);
    if (word === undefined) return problem(unknownWord(index + 1, entry));
    words.push(word);
  }
  return { kind: 'code', code: { nameplate: Number(first), words } };
}

/** The code as it is shown: `48213-acorn-velvet-harbor`. */
export function formatCode(code: Code): string {
  return [code.nameplate, ...code.words].join('-');
}

/** The password string of the PAKE: the words joined by `-`, in UTF-8. */
export function codePassword(code: Code): Uint8Array {
  return new TextEncoder().encode(code.words.join('-'));
}

/** Words drawn independently; each is worth 11 bits. */
export function randomWords(random: Random, count: number = limits.leastWords): string[] {
  return Array.from({ length: count }, () => WORDS[random.integer(WORDS.length)] as string);
}

/** The words of codes that begin like this, in any case. */
export function codeWordsLike(begun: string): readonly string[] {
  const start = begun.normalize('NFKC').toLowerCase();
  return WORDS.filter((word) => word.startsWith(start));
}

/** What people put between the words. */
export const SEPARATORS: RegExp = /[^\p{L}\p{N}]+/u;
const NAMEPLATE = /^[1-9][0-9]{3,5}$/;

function problem(value: CodeProblem): ParsedCode {
  return { kind: 'problem', problem: value };
}

function findWord(entry: string): string | undefined {
  if (WORDS.includes(entry)) return entry;
  if (entry.length < limits.prefixLetters) return undefined;
  return only(WORDS.filter((word) => word.startsWith(entry)));
}

function unknownWord(position: number, entry: string): CodeProblem {
  const suggestion = only(WORDS.filter((word) => isOneSlipAway(word, entry)));
  return { kind: 'unknown-word', position, ...(suggestion !== undefined && { suggestion }) };
}

function only(words: readonly string[]): string | undefined {
  return words.length === 1 ? words[0] : undefined;
}

/** Whether one letter put in, left out, exchanged or swapped with the next turns one into the other. */
function isOneSlipAway(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  return (
    a.slice(start + 1) === b.slice(start + 1) ||
    a.slice(start) === b.slice(start + 1) ||
    a.slice(start + 1) === b.slice(start) ||
    (a[start] === b[start + 1] &&
      a[start + 1] === b[start] &&
      a.slice(start + 2) === b.slice(start + 2))
  );
}

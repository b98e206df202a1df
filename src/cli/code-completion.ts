import { codeWordsLike, limits } from '../protocol/handshake/code.ts';

/** Signs that people put between the words. */
const LAST_WORD = /[^\p{L}\p{N}]?([\p{L}\p{N}]*)$/u;

/**
 * What the last word of a code that is being typed may become, and that word, in the form of
 * `readline`'s completer. The number in front is nobody's to guess.
 */
export function completeCode(typed: string): [string[], string] {
  const [, begun = ''] = LAST_WORD.exec(typed) ?? [];
  const before = typed.slice(0, typed.length - begun.length);
  const parts = before.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  if (parts.length === 0 || begun === '') return [[], begun];
  const words = codeWordsLike(begun);
  const isLast = parts.length >= limits.leastWords;
  // With one word left the next one can follow at once.
  return [words.length === 1 && !isLast ? words.map((word) => `${word}-`) : [...words], begun];
}

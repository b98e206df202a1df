import { codeWordsLike, limits, SEPARATORS } from '../../protocol/handshake/code.ts';

/**
 * What the last word of a code that is being typed may become, and that word, in the form of
 * `readline`'s completer. The number in front is nobody's to guess.
 */
export function completeCode(typed: string): [string[], string] {
  const parts = typed.split(SEPARATORS);
  const begun = parts.at(-1) ?? '';
  const before = parts.slice(0, -1).filter(Boolean).length;
  if (before === 0 || begun === '') return [[], begun];
  const words = codeWordsLike(begun);
  // With one word left the next one can follow at once.
  const isFollowed = words.length === 1 && before < limits.leastWords;
  return [words.map((word) => (isFollowed ? `${word}-` : word)), begun];
}

/** The one of `words` that a slip or two of the finger turn `typed` into, if there is one. */
export function closest(typed: string, words: readonly string[]): string | undefined {
  // A word of three letters with two of them wrong is another word.
  const most = typed.length < 5 ? 1 : 2;
  let best: string | undefined;
  let least = most + 1;
  for (const word of words) {
    const slips = distance(typed, word);
    if (slips < least) [best, least] = [word, slips];
  }
  return best;
}

/** The hint that goes with it, or another. */
export function didYouMean(typed: string, words: readonly string[], otherwise: string): string {
  const meant = closest(typed, words);
  return meant === undefined ? otherwise : `did you mean ${meant}?`;
}

/**
 * How many letters are put in, left out, exchanged or swapped with their neighbour (optimal string
 * alignment distance).
 */
function distance(a: string, b: string): number {
  let [older, previous] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        at(previous, j) + 1,
        at(row, j - 1) + 1,
        at(previous, j - 1) + (isSame ? 0 : 1),
        isSwapped ? at(older, j - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [older, previous] = [previous, row];
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] as number;
}

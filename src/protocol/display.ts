/** Columns that a name takes at most in a line for people (security rule 14). */
const COLUMNS = 60;
/** Marks on one base character; more of them climb over other lines. */
const MAX_MARKS = 2;
const ELLIPSIS = '…';

/**
 * A stranger's text made fit for a terminal: whatever controls, hides, reorders or breaks is shown
 * as `\u{…}`, and what is longer than `columns` (at least 3) loses its middle. East Asian wide
 * characters and emoji count two columns.
 */
export function display(text: string, columns: number = COLUMNS): string {
  // Every unit that is kept takes at least a third of a column, so the middle need not be looked at.
  const keep = 8 * columns;
  if (text.length <= 2 * keep) return elide(unitsOf(text), columns);
  return elide([...unitsOf(text.slice(0, keep)), ...unitsOf(text.slice(-keep))], columns);
}

/** How many columns a text takes that is fit for a terminal; the libraries of the program ask it too. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

/** What is shown for one code point: never cut in two. */
interface Unit {
  readonly shown: string;
  readonly width: number;
}

// Controls, bidi controls and other format characters, surrogates, private and unassigned code
// points, every space but the usual one, and what is meant to leave no trace.
const ESCAPED = /[\p{C}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}]/u;
const MARK = /\p{M}/u;
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\p{Script=Tangut}\p{Emoji_Presentation}\u{3000}-\u{303f}\u{ff01}-\u{ff60}\u{ffe0}-\u{ffe6}]/u;

function unitsOf(text: string): Unit[] {
  const units: Unit[] = [];
  // A mark at the very beginning would join whatever stands before the text.
  let marks = MAX_MARKS;
  for (const character of text) {
    const isMark = MARK.test(character);
    const escaped =
      (ESCAPED.test(character) && character !== ' ') || (isMark && marks >= MAX_MARKS);
    marks = isMark && !escaped ? marks + 1 : escaped ? MAX_MARKS : 0;
    units.push(escaped ? escapeOf(character) : { shown: character, width: widthOf(character) });
  }
  return units;
}

function escapeOf(character: string): Unit {
  const shown = `\\u{${character.codePointAt(0)?.toString(16)}}`;
  return { shown, width: shown.length };
}

function widthOf(character: string): number {
  if (MARK.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

function elide(units: readonly Unit[], columns: number): string {
  const width = units.reduce((sum, unit) => sum + unit.width, 0);
  if (width <= columns) return units.map(({ shown }) => shown).join('');
  const head = Math.ceil((columns - 1) / 2);
  const start = fitting(units, head);
  const end = fitting([...units].reverse(), columns - 1 - head);
  return [
    ...units.slice(0, start),
    { shown: ELLIPSIS },
    // A mark whose base was cut off would join the ellipsis.
    ...units.slice(units.length - end).filter((unit, i, tail) => !isOrphan(unit, i, tail)),
  ]
    .map(({ shown }) => shown)
    .join('');
}

/** How many of the first units fit `columns`. */
function fitting(units: readonly Unit[], columns: number): number {
  let left = columns;
  const beyond = units.findIndex((unit) => {
    left -= unit.width;
    return left < 0;
  });
  return beyond === -1 ? units.length : beyond;
}

function isOrphan(unit: Unit, index: number, tail: readonly Unit[]): boolean {
  return unit.width === 0 && tail.slice(0, index).every(({ width }) => width === 0);
}

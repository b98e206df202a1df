import { display } from '../../protocol/display.ts';
import { formatBytes, formatClock, formatRate } from '../words/quantity.ts';

/** What there is to show about data under way; the names are those of the event. */
export interface ProgressState {
  readonly bytes: number;
  /** `null` where nobody knows. */
  readonly total: number | null;
  readonly rate: number;
  readonly etaMs: number | null;
  readonly path: string;
  /** Of several things, the one that is read or written. */
  readonly current?: { readonly name: string; readonly number: number; readonly of: number };
}

const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;
/** Less of a name says nothing, and more of it is not needed. */
const NARROWEST_NAME = 8;
const WIDEST_NAME = 40;

/**
 * One line that fits `columns`: a narrow terminal loses the name of the current file first, then the
 * bar, then facts from the right.
 */
export function progressLine(state: ProgressState, columns: number): string {
  const line = totalLine(state, columns);
  const room = columns - line.length - 2;
  if (state.current === undefined || room < NARROWEST_NAME) return line;
  return `${line}  ${display(state.current.name, Math.min(room, WIDEST_NAME))}`;
}

function totalLine(state: ProgressState, columns: number): string {
  if (state.total === null) return progressFacts(state).join('  ').slice(0, columns);
  const [percent = '', ...facts] = progressFacts(state);
  const start = percent.padStart(4);
  const room = columns - `${start} []  ${facts.join('  ')}`.length;
  if (room >= NARROWEST_BAR) {
    return `${start} [${bar(state, Math.min(room, WIDEST_BAR))}]  ${facts.join('  ')}`;
  }
  let line = start;
  for (const fact of facts) {
    if (line.length + 2 + fact.length <= columns) line += `  ${fact}`;
  }
  return line.slice(0, columns);
}

/** The same in words, the most important first. */
export function progressFacts(state: ProgressState): string[] {
  const { bytes, total, rate, etaMs, path, current } = state;
  const isEndless = total === null;
  return [
    isEndless ? formatBytes(bytes) : `${percentage({ bytes, total })}%`,
    formatRate(rate),
    ...(etaMs === null ? [] : [`eta ${formatClock(etaMs)}`]),
    ...(isEndless ? [] : [`${formatBytes(bytes)}/${formatBytes(total)}`]),
    ...(path === '' ? [] : [path]),
    ...(current === undefined ? [] : [`${current.number}/${current.of}`]),
  ];
}

/** Rounded down, so that 100 means all; a file of no bytes is complete at once. */
export function percentage(state: Pick<ProgressState, 'bytes' | 'total'>): number {
  const { bytes, total } = state;
  if (total === null) return 0;
  return total === 0 ? 100 : Math.min(100, Math.floor((bytes / total) * 100));
}

function bar(state: ProgressState, width: number): string {
  const filled = Math.floor((percentage(state) / 100) * width);
  return '='.repeat(filled) + ' '.repeat(width - filled);
}

import type { CellResult } from './matrix-cell.ts';
import { behaviours, type Cell } from './nat-matrix.ts';

/** The matrix as it turned out, as a table of Markdown and a line for each kind of path. */
export class MatrixReport {
  readonly #trials: number;
  readonly #results = new Map<string, { readonly cell: Cell; readonly result: CellResult }>();

  constructor(trials: number) {
    this.#trials = trials;
  }

  add(cell: Cell, result: CellResult): void {
    this.#results.set(keyOf(cell.sender.label, cell.receiver.label), { cell, result });
  }

  toString(): string {
    const cells = [...this.#results.values()].map(({ cell }) => cell);
    const labels = behaviours.map(({ label }) => label);
    const rows = labels.filter((label) => cells.some(({ sender }) => sender.label === label));
    const columns = labels.filter((label) =>
      cells.some(({ receiver }) => receiver.label === label),
    );
    return [
      row(['', ...columns]),
      row(['---', ...columns.map(() => '---')]),
      ...rows.map((from) => row([`**${from}**`, ...columns.map((to) => this.#entry(from, to))])),
      '',
      ...this.#rates(),
    ].join('\n');
  }

  /**
   * Milliseconds to the path, which is a direct one where nothing else is said; and how many trials
   * ended so, if not all.
   */
  #entry(from: string, to: string): string {
    const found = this.#results.get(keyOf(from, to));
    if (found === undefined) return '';
    const { result } = found;
    const direct = result.filter(({ path }) => path === 'direct');
    const [kind, of] = direct.length > 0 ? ['', direct] : ['relay ', result];
    const share = of.length === this.#trials ? '' : ` ${of.length}/${this.#trials}`;
    return `${kind}${median(of.map(timeOf)).toFixed(0)}${share}`;
  }

  #rates(): string[] {
    const all = [...this.#results.values()].flatMap(({ result }) => result);
    return (['direct', 'relay'] as const).flatMap((kind) => {
      const of = all.filter(({ path }) => path === kind);
      if (of.length === 0) return [];
      const times = of.map(timeOf);
      const first = median(of.map(({ firstMs }) => firstMs)).toFixed(0);
      const range = [Math.min(...times), median(times), Math.max(...times)].map((ms) => {
        return ms.toFixed(0);
      });
      const rate = median(of.map(({ megabytesPerSecond }) => megabytesPerSecond)).toFixed(1);
      const relayed = median(of.map(({ relayedBytes }) => relayedBytes / 1000)).toFixed(0);
      return [
        `${kind}: ${of.length} transfers; medians: first path after ${first} ms, this one after ` +
          `${range[1]} (${range[0]} to ${range[2]}), ${rate} MB/s, ${relayed} kB by the relay`,
      ];
    });
  }
}

/** Milliseconds to the path that counts. */
function timeOf({ path, firstMs, directMs }: CellResult[number]): number {
  return path === 'direct' ? (directMs ?? Number.NaN) : firstMs;
}

function row(entries: readonly string[]): string {
  return `| ${entries.join(' | ')} |`;
}

function keyOf(from: string, to: string): string {
  return `${from} to ${to}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

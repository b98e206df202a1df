import type { Entries } from '../entries/entry.ts';
import { chunkCount } from '../limits.ts';
import type { EntryRun, HaveRange } from '../messages/answer-message.ts';

/** What a receiver does not need, in the order in which it is sent. */
export class SenderHoldings {
  readonly #entries: Entries;
  readonly #chunkBytes: number;
  readonly #skipped: EntryRun[] = [];
  #nextSkipped = 0;
  readonly #have: HaveRange[] = [];
  #nextHave = 0;

  constructor(entries: Entries, chunkBytes: number) {
    this.#entries = entries;
    this.#chunkBytes = chunkBytes;
  }

  /** False when it is not within the offer, or does not follow what was added before. */
  addSkipped(run: EntryRun): boolean {
    const end = this.#entries.length;
    if (run.count === 0 || run.count > end || run.first > end - run.count) return false;
    const before = this.#skipped[this.#skipped.length - 1];
    if (before !== undefined && before.first + before.count > run.first) return false;
    this.#skipped.push(run);
    return true;
  }

  /** The same, for chunks. */
  addHave(range: HaveRange): boolean {
    const count = chunkCount(this.#entries.at(range.entry)?.size ?? 0, this.#chunkBytes);
    if (range.count === 0 || range.count > count || range.first > count - range.count) return false;
    const before = this.#have[this.#have.length - 1];
    if (before !== undefined && !follows(before, range)) return false;
    this.#have.push(range);
    return true;
  }

  /** Whether nothing of an entry is needed. Entries are asked about in order. */
  isSkipped(entry: number): boolean {
    let run = this.#skipped[this.#nextSkipped];
    while (run !== undefined && run.first + run.count <= entry) {
      this.#nextSkipped += 1;
      run = this.#skipped[this.#nextSkipped];
    }
    return run !== undefined && run.first <= entry;
  }

  /** Whether the receiver holds any chunk of an entry, from this one on. */
  holdsBeyond(entry: number, index: number): boolean {
    return this.#have.some((range) => range.entry === entry && range.first + range.count > index);
  }

  /** How many chunks from this one on are held. Chunks are asked about in order. */
  heldFrom(entry: number, index: number): number {
    let range = this.#have[this.#nextHave];
    while (range !== undefined && isBehind(range, entry, index)) {
      this.#nextHave += 1;
      range = this.#have[this.#nextHave];
    }
    if (range === undefined || range.entry !== entry || range.first > index) return 0;
    return range.first + range.count - index;
  }
}

function follows(before: HaveRange, range: HaveRange): boolean {
  if (before.entry !== range.entry) return before.entry < range.entry;
  return before.first + before.count <= range.first;
}

function isBehind(range: HaveRange, entry: number, index: number): boolean {
  return range.entry < entry || (range.entry === entry && range.first + range.count <= index);
}

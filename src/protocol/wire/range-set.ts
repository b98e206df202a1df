/**
 * A set of non-negative integers as disjoint, sorted, half-open ranges: received packet numbers,
 * received bytes of a record, records that are complete.
 *
 * Appending at the end, which is what networks mostly do, costs a constant time.
 */
export class RangeSet {
  /** start, end, start, end, …; ascending, no two ranges touch. */
  readonly #bounds: number[] = [];

  get rangeCount(): number {
    return this.#bounds.length / 2;
  }

  /** First value of the range at `index` (0 is the lowest). */
  start(index: number): number {
    return this.#bounds[2 * index] as number;
  }

  /** The value after the last one of the range at `index`. */
  end(index: number): number {
    return this.#bounds[2 * index + 1] as number;
  }

  /** How many values the set holds. */
  get size(): number {
    let size = 0;
    for (let i = 0; i < this.rangeCount; i += 1) size += this.end(i) - this.start(i);
    return size;
  }

  contains(value: number): boolean {
    const index = this.#firstEndingAfter(value);
    return index < this.rangeCount && this.start(index) <= value;
  }

  /** Whether all of `[start, end)` is in the set. */
  covers(start: number, end: number): boolean {
    const index = this.#firstEndingAfter(start);
    return (
      start >= end ||
      (index < this.rangeCount && this.start(index) <= start && this.end(index) >= end)
    );
  }

  /** Adds `[start, end)` and tells how many of its values are new. */
  add(start: number, end: number): number {
    if (start >= end) return 0;
    const bounds = this.#bounds;
    const lastEnd = bounds[bounds.length - 1];
    if (lastEnd === undefined || start > lastEnd) {
      bounds.push(start, end);
      return end - start;
    }
    if (start === lastEnd) {
      bounds[bounds.length - 1] = end;
      return end - start;
    }
    return this.#merge(start, end);
  }

  /** Calls `visit` for each part of `[start, end)` that is not in the set, in ascending order. */
  forEachGap(start: number, end: number, visit: (start: number, end: number) => void): void {
    let from = start;
    for (let i = this.#firstEndingAfter(start); i < this.rangeCount && from < end; i += 1) {
      if (this.start(i) > from) visit(from, Math.min(this.start(i), end));
      from = Math.max(from, this.end(i));
    }
    if (from < end) visit(from, end);
  }

  /** Forgets every value below `floor`. */
  removeBelow(floor: number): void {
    const index = this.#firstEndingAfter(floor - 1);
    this.#bounds.splice(0, 2 * index);
    const first = this.#bounds[0];
    if (first !== undefined && first < floor) {
      if ((this.#bounds[1] as number) <= floor) this.#bounds.splice(0, 2);
      else this.#bounds[0] = floor;
    }
  }

  #merge(start: number, end: number): number {
    // The first range that touches [start, end) on its left, and the first that lies beyond it.
    const from = this.#firstEndingAfter(start - 1);
    let to = from;
    let low = start;
    let high = end;
    let known = 0;
    while (to < this.rangeCount && this.start(to) <= end) {
      low = Math.min(low, this.start(to));
      high = Math.max(high, this.end(to));
      known += Math.max(0, Math.min(end, this.end(to)) - Math.max(start, this.start(to)));
      to += 1;
    }
    this.#bounds.splice(2 * from, 2 * (to - from), low, high);
    return end - start - known;
  }

  /** Index of the lowest range whose end lies above `value`; `rangeCount` when there is none. */
  #firstEndingAfter(value: number): number {
    let low = 0;
    let high = this.rangeCount;
    // What is asked for is mostly at or near the top.
    if (high > 0 && (high === 1 || this.end(high - 2) <= value)) low = high - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.end(middle) > value) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

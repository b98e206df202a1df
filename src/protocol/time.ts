/**
 * Time as the protocol sees it: an argument, never something it reads.
 *
 * Both types are plain numbers of milliseconds with a fraction; the brands only keep a point in
 * time from being used where a span is meant.
 */
declare const unit: unique symbol;

/** A point on a monotonic clock, in milliseconds. Its origin is the caller's choice. */
export type Instant = number & { readonly [unit]: 'instant' };

/** A span of time in milliseconds. */
export type Millis = number & { readonly [unit]: 'millis' };

/** Brands a number of milliseconds as a span. */
export function millis(value: number): Millis {
  return value as Millis;
}

/** Brands a reading of a monotonic clock as a point in time. */
export function instant(value: number): Instant {
  return value as Instant;
}

/** The point in time that lies `span` after `start`. */
export function after(start: Instant, span: Millis): Instant {
  return (start + span) as Instant;
}

/** How long it is from `start` to `end`; negative when `end` lies before `start`. */
export function elapsed(start: Instant, end: Instant): Millis {
  return (end - start) as Millis;
}

/** The earliest of some deadlines, any of which may be absent. */
export function earliest(...deadlines: readonly (Instant | undefined)[]): Instant | undefined {
  let first: Instant | undefined;
  for (const deadline of deadlines) {
    if (deadline !== undefined && (first === undefined || deadline < first)) first = deadline;
  }
  return first;
}

/** What was dropped, by reason. */
export interface PathCounters {
  /** Not a probe in form, or of another type. */
  malformed: number;
  /** Of another session, reflected, or not made with the key. */
  forged: number;
  /** Requests seen before; answered, and otherwise without effect. */
  replayed: number;
  /** Answers to nothing that was asked of that remote. */
  unsolicited: number;
  /** Remotes that a limit or the policy keeps out. */
  refused: number;
  /** Answers that the queue had no room for. */
  overflowed: number;
}

export function noPathCounts(): PathCounters {
  return { malformed: 0, forged: 0, replayed: 0, unsolicited: 0, refused: 0, overflowed: 0 };
}

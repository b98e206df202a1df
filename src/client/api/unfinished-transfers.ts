/** A file of the state folder that is no ticket of ours, or cannot be believed. */
export interface IgnoredFile {
  readonly name: string;
  readonly why: 'not-a-file' | 'not-yours' | 'open-to-others' | 'too-large' | 'malformed';
}

/** A transfer that has not come to its end. Times are milliseconds since 1970. */
export interface UnfinishedTransfer {
  readonly id: string;
  readonly direction: 'send' | 'receive';
  /**
   * `running`: a process is at it. `waiting`: nobody has come yet. `interrupted`: it can go on.
   * `received`: everything is here, but the sender may not know. `expired`: it cannot go on any more,
   * and only what is left of it can be removed.
   */
  readonly state: 'running' | 'waiting' | 'interrupted' | 'received' | 'expired';
  /** What is offered, as far as anybody has accepted it; the name is the sender's choice and raw. */
  readonly name: string | null;
  readonly bytes: number | null;
  /** Of an interrupted `receive`: how much is here that will not be sent again, about. */
  readonly arrived?: number;
  /** Where it is read from, or written to. */
  readonly place: string;
  readonly startedAt: number;
  readonly expiresAt: number;
}

export interface UnfinishedTransfers {
  readonly transfers: readonly UnfinishedTransfer[];
  /** Files of the state folder that are not believed, and why. */
  readonly ignored: readonly IgnoredFile[];
}

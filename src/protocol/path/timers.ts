import { millis } from '../time.ts';

/**
 * The spans of connectivity checks and consent. RFC 8445 and RFC 7675 give the shape; the figures
 * are ours where they differ, and docs/protocol-paths.md says why.
 */
export const timers = {
  /** RFC 8445 §14.2, the least Ta: the span between first probes, which make bindings in NATs. */
  newRemoteSpacing: millis(5),
  /** A fresh pair is probed this often... */
  checkInterval: millis(50),
  /** ...for this long: both sides have begun and both NATs have opened by then. */
  eagerChecks: millis(1000),
  /** From there on the interval grows by half from probe to probe, up to this. */
  slowCheckInterval: millis(2000),
  /** RFC 8445 §7.2.5.2.3: a pair that has not answered by then has failed. */
  checkTimeout: millis(30_000),
  /** A failed pair is tried again this often while only a relay, or nothing, works. */
  retryInterval: millis(5000),
  /** The selected path is probed when it was silent for this long (RFC 7675 §5.1 says 5 s). */
  selectedKeepAlive: millis(2500),
  /** Other working paths: shorter than the 30 s after which Linux forgets a UDP mapping. */
  spareKeepAlive: millis(15_000),
  /** A working path that owes an answer is probed this often, and so is a lost one. */
  silentInterval: millis(500),
  /** A path has failed after this silence, or 6 round trips where those are longer. */
  silence: millis(3000),
  /** A doubted path that owes an answer is probed this often. */
  doubtedInterval: millis(100),
  /** The peer's packets by another path cast doubt on the selected one after this silence of its own. */
  doubt: millis(300),
  /** A doubted path has failed after this silence, or 3 round trips where those are longer. */
  doubtedSilence: millis(500),
  /** An answer that comes later than this proves nothing about now. */
  answerTimeout: millis(10_000),
} as const;

/** Probes without an answer before a path may fail: one or two are lost on any network. */
export const UNANSWERED_PROBES = 3;

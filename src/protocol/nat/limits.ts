import { millis } from '../time.ts';

/** What one classification costs at most, and how long it takes. */
export const limits = {
  /**
   * Fresh sockets whose public ports are compared: with a tenth of all packets lost each way, fewer
   * than four in order are left in one run of a thousand.
   */
  samples: 10,
  /** RFC 8445 §14: no new mapping more often, for the sake of small routers. */
  sampleSpacing: millis(5),
  /**
   * How often is sent what silence would be an answer to, and anything while nobody has answered
   * at all: five losses in a row are one in four thousand at 10 % each way.
   */
  attempts: 5,
  /** How often is sent what must be answered, by a server that has answered before. */
  patientAttempts: 8,
  /** Answers to one question that ask for another token: a confused server must not make us spin. */
  challenges: 3,
  /** The wait for a first answer while no round trip is known; a silent server is given 3.3 s. */
  firstWait: millis(250),
  /** Each wait is so many times the one before, up to the longest. */
  waitGrowth: 1.5,
  longestWait: millis(1500),
  /** Below it, jitter would count as loss. */
  shortestWait: millis(50),
  /** What a round trip may take longer than a quarter more than the longest so far. */
  jitter: millis(40),
  /** From one to the next of the questions whose answers a filter may swallow. */
  closestRepeat: millis(40),
  widestRepeat: millis(300),
  /** What is not known by then stays unknown: it takes half of this over a satellite. */
  total: millis(10_000),
} as const;

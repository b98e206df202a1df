/** What one agent holds and sends at most. Each bound is against a peer or a stranger, not against use. */
export const limits = {
  /** Candidates the peer may name (security: request forgery, RFC 9000 §21.5). */
  signalledCandidates: 16,
  /** Named and learnt ones together: eight rebindings of a NAT fit, and stale ones make room. */
  candidates: 24,
  /** Probes in one round, so that many pairs falling due together never leave as one burst. */
  probesPerRound: 10,
  /** Probes of one search for the port of a hard NAT: 99.98 % against 256 sockets (nat-traversal.md). */
  searchProbes: 2048,
  /** The same where both users want it: 95 % for 2,048 ports against all, and certain for 512. */
  thoroughProbes: 20_000,
  /** Numbers of the bases that punching opens are from here on, and never given twice. */
  firstPunchBase: 1_000_000,
  /** Probes of one pair whose answer is still awaited: 1.6 s of the fastest schedule. */
  outstandingProbes: 32,
  /** Answers waiting to be drained: one GSO send's worth; a coalesced batch may hold 1,180 requests. */
  pendingAnswers: 64,
  /** Own addresses that are told about; the peer says what they are, so it could invent them. */
  observedAddresses: 16,
  /** Addresses that the policy keeps out although the peer sends from them. */
  refusedAddresses: 16,
} as const;

import type { Candidate, CandidateKind } from '../candidate.ts';
import { elapsed, type Instant, type Millis } from '../time.ts';
import { addressBytes, addressText, type Endpoint, endpointKey } from '../wire/endpoint.ts';
import { CandidatePair } from './candidate-pair.ts';
import { limits } from './limits.ts';
import { kindRank } from './path-selection.ts';

/** Which paths may be used: every one, none through a relay, or only those through a relay. */
export type PathPolicy = 'any' | 'direct' | 'relay';

/** All pairs of a session by their remote (RFC 8445 §6.1.2), within `limits` and the policy. */
export class Checklist {
  readonly #policy: PathPolicy;
  readonly #pairs = new Map<string, CandidatePair>();
  readonly #signalled = new Set<string>();
  readonly #refused = new Set<string>();

  constructor(policy: PathPolicy) {
    this.#policy = policy;
  }

  get pairs(): Iterable<CandidatePair> {
    return this.#pairs.values();
  }

  find(remote: Endpoint): CandidatePair | undefined {
    return this.#pairs.get(endpointKey(remote));
  }

  /** Whether packets of `remote` may have any effect; with `--relay-only`, strangers must not. */
  admits(remote: Endpoint): boolean {
    const key = endpointKey(remote);
    return this.#policy === 'relay' ? this.#pairs.has(key) : !this.#refused.has(key);
  }

  /**
   * Adds a candidate that was signalled; false when a limit or the policy keeps it out. A named
   * kind replaces a learnt one, since only the peer knows what the address is; among named ones
   * the better wins. The pair `inUse` never makes room for another, even when it is silent.
   */
  signal(candidate: Candidate, inUse: CandidatePair | undefined, now: Instant): boolean {
    const { kind } = candidate;
    const endpoint = canonicalEndpoint(candidate.endpoint);
    const key = endpointKey(endpoint);
    if (!isAllowed(this.#policy, kind)) {
      this.#refuse(key);
      return false;
    }
    const isNamed = this.#signalled.has(key);
    if (!isNamed && this.#signalled.size >= limits.signalledCandidates) return false;
    const known = this.#pairs.get(key);
    if (known === undefined && !this.#insert(key, { kind, endpoint }, inUse, now)) {
      return false;
    }
    if (known !== undefined && (!isNamed || kindRank(kind) < kindRank(known.kind))) {
      known.candidate = { kind, endpoint };
    }
    this.#signalled.add(key);
    return true;
  }

  /** The pair of `remote`; where there is none, a peer-reflexive one (RFC 8445 §7.3.1.3). */
  learn(
    remote: Endpoint,
    inUse: CandidatePair | undefined,
    now: Instant,
  ): CandidatePair | undefined {
    const known = this.find(remote);
    if (known !== undefined || !isAllowed(this.#policy, 'prflx')) return known;
    return this.#insert(endpointKey(remote), { kind: 'prflx', endpoint: remote }, inUse, now);
  }

  /** Every working pair that was silent for so long has to prove itself. */
  doubt(silence: Millis, now: Instant): void {
    for (const pair of this.pairs) if (elapsed(pair.heardAt, now) >= silence) pair.doubt(now);
  }

  /** Asks all pairs at once that worked before they failed. */
  retry(now: Instant): void {
    for (const pair of this.pairs) {
      if (pair.state === 'failed' && pair.rtt !== undefined) pair.trigger(now);
    }
  }

  /** Begins all checks anew. */
  restart(now: Instant): void {
    for (const pair of this.pairs) pair.restart(now);
  }

  #insert(
    key: string,
    candidate: Candidate,
    inUse: CandidatePair | undefined,
    now: Instant,
  ): CandidatePair | undefined {
    if (this.#pairs.size >= limits.candidates && !this.#evict(inUse)) return undefined;
    const pair = new CandidatePair(candidate, now);
    this.#pairs.set(key, pair);
    return pair;
  }

  // Each rebinding of a NAT leaves a learnt pair behind. The one longest silent goes; never one
  // that was named, and never one that works.
  #evict(inUse: CandidatePair | undefined): boolean {
    let stalest: { key: string; heardAt: Instant } | undefined;
    for (const [key, pair] of this.#pairs) {
      if (this.#signalled.has(key) || pair.state === 'succeeded' || pair === inUse) continue;
      if (stalest === undefined || pair.heardAt < stalest.heardAt) {
        stalest = { key, heardAt: pair.heardAt };
      }
    }
    return stalest !== undefined && this.#pairs.delete(stalest.key);
  }

  #refuse(key: string): void {
    this.#pairs.delete(key);
    if (this.#refused.size < limits.refusedAddresses) this.#refused.add(key);
  }
}

function isAllowed(policy: PathPolicy, kind: CandidateKind): boolean {
  return policy === 'any' || (policy === 'relay') === (kind === 'relay');
}

// One address has one text, so that one remote has one key.
function canonicalEndpoint(endpoint: Endpoint): Endpoint {
  return { ...endpoint, address: addressText(addressBytes(endpoint.address)) };
}

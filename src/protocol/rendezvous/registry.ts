import { after, type Instant, instant } from '../time.ts';
import { bytesKey, sameBytes } from '../wire/bytes.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { Farewell, Nameplates } from './nameplates.ts';
import type { ServerLimits } from './server-limits.ts';
import type { SourcePrefix } from './source-prefix.ts';

/** One of the two that meet: where it was last seen and how it proves to be itself. */
export interface Side {
  remote: Endpoint;
  readonly secretHash: Uint8Array;
  /** The transaction id that it gave to be delivered under; an off-path forger does not know it. */
  deliveryId: Uint8Array;
}

export interface Claim extends Side {
  readonly id: Uint8Array;
  /** Unique among all claims of the server; for tables. */
  readonly key: string;
  answered: boolean;
  closed: boolean;
}

export interface Registration {
  readonly nameplate: number;
  readonly owner: Side;
  readonly hello: Uint8Array;
  readonly isOpen: boolean;
  readonly claims: Claim[];
  readonly source: SourcePrefix;
  readonly createdAt: Instant;
  expiresAt: Instant;
  paired: boolean;
}

/** Every live registration, by nameplate and by owner. It holds no message. */
export class Registry {
  readonly #limits: ServerLimits;
  readonly #nameplates: Nameplates;
  readonly #onRemoved: (registration: Registration, farewell: Farewell | undefined) => void;
  readonly #byNameplate = new Map<number, Registration>();
  readonly #byOwner = new Map<string, Registration>();
  readonly #perSource = new Map<string, number>();

  constructor(
    limits: ServerLimits,
    nameplates: Nameplates,
    onRemoved: (registration: Registration, farewell: Farewell | undefined) => void,
  ) {
    this.#limits = limits;
    this.#nameplates = nameplates;
    this.#onRemoved = onRemoved;
  }

  get size(): number {
    return this.#byNameplate.size;
  }

  get claims(): number {
    let count = 0;
    for (const { claims } of this.#byNameplate.values()) count += claims.length;
    return count;
  }

  has(nameplate: number): boolean {
    return this.#byNameplate.has(nameplate);
  }

  find(nameplate: number, now: Instant): Registration | undefined {
    return this.#unlessExpired(this.#byNameplate.get(nameplate), now);
  }

  findByOwner(secretHash: Uint8Array, now: Instant): Registration | undefined {
    return this.#unlessExpired(this.#byOwner.get(bytesKey(secretHash)), now);
  }

  /** Whether there is room for one more of this source. */
  hasRoom({ host, site }: SourcePrefix): boolean {
    const limits = this.#limits;
    if (this.size >= limits.registrations) return false;
    if ((this.#perSource.get(host) ?? 0) >= limits.registrationsPerHost) return false;
    return site === undefined || (this.#perSource.get(site) ?? 0) < limits.registrationsPerSite;
  }

  add(
    input: Omit<Registration, 'claims' | 'createdAt' | 'expiresAt' | 'paired'>,
    now: Instant,
  ): void {
    const expiresAt = after(now, this.#limits.unclaimedLife);
    const registration = { ...input, claims: [], createdAt: now, expiresAt, paired: false };
    this.#byNameplate.set(registration.nameplate, registration);
    this.#byOwner.set(bytesKey(registration.owner.secretHash), registration);
    this.#count(registration.source, 1);
  }

  /** Forgets a registration; a farewell also keeps its nameplate from being given out again. */
  remove(registration: Registration, farewell: Farewell | undefined, now: Instant): void {
    this.#byNameplate.delete(registration.nameplate);
    this.#byOwner.delete(bytesKey(registration.owner.secretHash));
    this.#count(registration.source, -1);
    const { nameplate, owner } = registration;
    if (farewell) this.#nameplates.retire(nameplate, farewell, owner.secretHash, now);
    this.#onRemoved(registration, farewell);
  }

  /** A sign of life of the owner: the registration lives on, up to its longest life. */
  extend(registration: Registration, now: Instant): void {
    const life = registration.paired ? this.#limits.pairedLife : this.#limits.unclaimedLife;
    const last = after(registration.createdAt, this.#limits.longestLife);
    const until = instant(Math.min(after(now, life), last));
    // Never earlier than before: a relay in use may have carried it past its longest life.
    if (until > registration.expiresAt) registration.expiresAt = until;
  }

  /** The owner has answered a claim: from now on the shorter life counts. */
  pair(registration: Registration, now: Instant): void {
    registration.paired = true;
    registration.expiresAt = after(now, this.#limits.pairedLife);
  }

  /** Somebody's BIND of a relay that both sides use: it outlives even the longest life. */
  extendForRelay(registration: Registration, now: Instant): void {
    const until = after(now, this.#limits.pairedLife);
    if (until > registration.expiresAt) registration.expiresAt = until;
  }

  sweep(now: Instant): void {
    for (const registration of this.#byNameplate.values()) this.#unlessExpired(registration, now);
  }

  #unlessExpired(registration: Registration | undefined, now: Instant): Registration | undefined {
    if (!registration || registration.expiresAt > now) return registration;
    this.remove(registration, 'expired', now);
    return undefined;
  }

  #count({ host, site }: SourcePrefix, change: 1 | -1): void {
    for (const key of site === undefined ? [host] : [host, site]) {
      const count = (this.#perSource.get(key) ?? 0) + change;
      if (count > 0) this.#perSource.set(key, count);
      else this.#perSource.delete(key);
    }
  }
}

export function findClaim(registration: Registration, claimId: Uint8Array): Claim | undefined {
  return registration.claims.find((claim) => sameBytes(claim.id, claimId));
}

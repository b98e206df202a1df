import type { Crypto } from '../ports.ts';
import { after, type Instant } from '../time.ts';
import { type Endpoint, endpointKey, sameEndpoint } from '../wire/endpoint.ts';
import { hasConnectionId } from '../wire/packet.ts';
import type { RelayLimits } from './relay-limits.ts';

export type SideName = 'owner' | 'claim';

/** One side's wish to be relayed, already proven by its secret and its address token. */
export interface Binding {
  /** Names the pair: the claim through which the two met on this server. */
  readonly key: string;
  readonly side: SideName;
  readonly remote: Endpoint;
  /** Whom the limit per source counts. */
  readonly source: string;
  /** A hash of the relay token, which only the two sides of one handshake know. */
  readonly tokenHash: Uint8Array;
  /** 8 bytes: the connection id of the packets that this side receives. */
  readonly connectionId: Uint8Array;
}

export interface Allocation {
  readonly key: string;
  readonly createdAt: Instant;
  tokenHash: Uint8Array;
  lastSeen: Instant;
  sides: { owner?: Binding; claim?: Binding };
}

/** `waiting` for the other side, `opened` by this very binding, `paired` already, or not bound. */
export type BindOutcome = 'waiting' | 'opened' | 'paired' | 'busy' | 'refused';

/** The pairs that a relay knows, findable by claim and by where a packet comes from. */
export class Allocations {
  readonly #limits: RelayLimits;
  readonly #equal: Crypto['equal'];
  readonly #byKey = new Map<string, Allocation>();
  readonly #bySource = new Map<string, Allocation[]>();

  constructor(limits: RelayLimits, equal: Crypto['equal']) {
    this.#limits = limits;
    this.#equal = equal;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Binds one side, or moves it to where it is now. */
  bind(binding: Binding, now: Instant): BindOutcome {
    const known = this.#live(this.#byKey.get(binding.key), now);
    const other = known?.sides[otherSide(binding.side)];
    if (other && !this.#matches(known, other, binding)) return 'refused';
    if (!this.#hasRoom(binding, known, now)) return 'busy';
    const allocation = known ?? this.#open(binding, now);
    const outcome = !other ? 'waiting' : allocation.sides[binding.side] ? 'paired' : 'opened';
    allocation.tokenHash = binding.tokenHash;
    this.#unindex(allocation, binding.side);
    allocation.sides[binding.side] = binding;
    this.#index(allocation, binding.remote);
    allocation.lastSeen = now;
    return outcome;
  }

  /** Where a packet from `source` with the connection id at `offset` goes. */
  route(batch: Uint8Array, offset: number, source: Endpoint, now: Instant): Endpoint | undefined {
    for (const allocation of this.#bySource.get(endpointKey(source)) ?? []) {
      const { owner, claim } = allocation.sides;
      if (!owner || !claim) continue;
      const to = sameEndpoint(source, owner.remote) ? claim : owner;
      if (!hasConnectionId(batch, offset, to.connectionId)) continue;
      if (!this.#live(allocation, now)) return undefined;
      allocation.lastSeen = now;
      return to.remote;
    }
    return undefined;
  }

  release(key: string): void {
    const allocation = this.#byKey.get(key);
    if (!allocation) return;
    this.#byKey.delete(key);
    this.#unindex(allocation, 'owner');
    this.#unindex(allocation, 'claim');
  }

  sweep(now: Instant): void {
    for (const allocation of this.#byKey.values()) this.#live(allocation, now);
  }

  // Two sides at one endpoint would make the way of a packet ambiguous.
  #matches(known: Allocation | undefined, other: Binding, binding: Binding): boolean {
    if (sameEndpoint(other.remote, binding.remote)) return false;
    return known !== undefined && this.#equal(known.tokenHash, binding.tokenHash);
  }

  // At most `sessions` entries: counting them beats keeping a count right.
  #hasRoom({ source }: Binding, known: Allocation | undefined, now: Instant): boolean {
    const { sessions, sessionsPerHost } = this.#limits;
    if (!known && this.#byKey.size >= sessions) return false;
    const others = [...this.#byKey.values()].filter((one) => one !== known && isOf(one, source));
    return others.length < sessionsPerHost || this.#dropQuiet(others, now);
  }

  /** Lets go of the one that was heard least lately, if it has missed a keepalive: who died said no goodbye. */
  #dropQuiet(allocations: readonly Allocation[], now: Instant): boolean {
    const [quietest] = allocations.toSorted((one, other) => one.lastSeen - other.lastSeen);
    if (!quietest || after(quietest.lastSeen, this.#limits.quiet) > now) return false;
    this.release(quietest.key);
    return true;
  }

  #open({ key, tokenHash }: Binding, now: Instant): Allocation {
    const allocation: Allocation = { key, tokenHash, createdAt: now, lastSeen: now, sides: {} };
    this.#byKey.set(key, allocation);
    return allocation;
  }

  #live(allocation: Allocation | undefined, now: Instant): Allocation | undefined {
    if (!allocation) return undefined;
    const paired = allocation.sides.owner && allocation.sides.claim;
    const silence = paired ? this.#limits.idle : this.#limits.bindWindow;
    const isOver =
      after(allocation.lastSeen, silence) <= now ||
      after(allocation.createdAt, this.#limits.life) <= now;
    if (isOver) this.release(allocation.key);
    return isOver ? undefined : allocation;
  }

  #index(allocation: Allocation, remote: Endpoint): void {
    const key = endpointKey(remote);
    this.#bySource.set(key, [...(this.#bySource.get(key) ?? []), allocation]);
  }

  #unindex(allocation: Allocation, side: SideName): void {
    const binding = allocation.sides[side];
    if (!binding) return;
    const key = endpointKey(binding.remote);
    const rest = (this.#bySource.get(key) ?? []).filter((entry) => entry !== allocation);
    if (rest.length > 0) this.#bySource.set(key, rest);
    else this.#bySource.delete(key);
  }
}

function isOf({ sides: { owner, claim } }: Allocation, source: string): boolean {
  return owner?.source === source || claim?.source === source;
}

function otherSide(side: SideName): SideName {
  return side === 'owner' ? 'claim' : 'owner';
}

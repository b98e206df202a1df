import { bytesKey } from '../wire/bytes.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { Host } from './hosting.ts';

/**
 * More than the servers pass on at a time: three claims each, and 64 the one in our own process. But who
 * waits for days, or meets somebody again who claims anew every two seconds, hears of more.
 */
const MAX_CLAIMANTS = 128;
/** A receiver claims once at each server, of which few name more than two. */
const MAX_PASSAGES = 8;

/** Who sent a claim, and where: needed once the claim is won. */
export interface Claimant {
  readonly host: Host;
  readonly peer: Endpoint | undefined;
}

/** What a claim is to us: the one that was won, another one of the same peer, or anybody's. */
export type Standing = 'won' | 'passage' | 'stranger';

/** All who have claimed, and which claims are those of the peer. */
export class Claimants {
  readonly #known = new Map<string, Claimant>();
  readonly #passages = new Set<string>();
  #won: string | undefined;

  /** One has claimed, for the first time or again. Of too many the one is forgotten who is unheard longest. */
  note({ claimId, host, peer }: Claimant & { readonly claimId: Uint8Array }): void {
    const key = bytesKey(claimId);
    this.#known.delete(key);
    this.#known.set(key, { host, peer });
    const [oldest = key] = this.#known.keys();
    if (this.#known.size > MAX_CLAIMANTS) this.#known.delete(oldest);
  }

  /** The claim is that of the peer; all others begin as those of strangers. */
  win(claimId: Uint8Array): Claimant {
    const claimant = this.#known.get(bytesKey(claimId));
    if (claimant === undefined) throw new Error('unreachable: a claim nobody made');
    this.#won = bytesKey(claimId);
    this.#passages.clear();
    return claimant;
  }

  standing(claimId: Uint8Array): Standing {
    const key = bytesKey(claimId);
    if (key === this.#won) return 'won';
    return this.#passages.has(key) ? 'passage' : 'stranger';
  }

  /** The claim has proved to be the peer's as well; false when there are too many of them. */
  addPassage(claimId: Uint8Array): boolean {
    if (this.#passages.size >= MAX_PASSAGES) return false;
    this.#passages.add(bytesKey(claimId));
    return true;
  }
}

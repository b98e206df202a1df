import { type Endpoint, endpointKey, sameEndpoint, UNSPECIFIED } from '../wire/endpoint.ts';
import { limits } from './limits.ts';

/** Our own addresses as the peer sees them; each is new once. */
export class ObservedAddresses {
  readonly #known = new Set<string>();

  /** Whether it is one that nobody has told of before. */
  add(endpoint: Endpoint): boolean {
    const key = endpointKey(endpoint);
    if (this.#known.has(key) || sameEndpoint(endpoint, UNSPECIFIED)) return false;
    if (this.#known.size >= limits.observedAddresses) return false;
    this.#known.add(key);
    return true;
  }
}

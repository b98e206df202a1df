import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import type { Filtering, Mapping } from './nat-behavior.ts';

/** One socket's public endpoint as two ports and two addresses see it, as far as they have said. */
export interface Observations {
  readonly first: Endpoint | undefined;
  readonly otherPort: Endpoint | undefined;
  readonly otherAddress: Endpoint | undefined;
}

/**
 * RFC 5780 §4.3. Where the server has one address only, a mapping that depends on the address looks
 * like one that depends on nothing, which most do.
 */
export function classifyMapping({ first, otherPort, otherAddress }: Observations): Mapping {
  if (first === undefined) return 'unknown';
  if (otherPort !== undefined && !sameEndpoint(first, otherPort)) {
    return 'address-and-port-dependent';
  }
  if (otherAddress !== undefined && !sameEndpoint(first, otherAddress)) return 'address-dependent';
  return (otherPort ?? otherAddress) ? 'endpoint-independent' : 'unknown';
}

/** What became of a question that is answered from a stranger's socket. */
export type Verdict = 'admitted' | 'refused' | 'open' | 'not-asked';

/**
 * RFC 5780 §4.4. Where the server has one address only, what lets in another port of it depends on
 * the address at least, and may depend on nothing.
 */
export function classifyFiltering(otherPort: Verdict, otherAddress: Verdict): Filtering {
  if (otherAddress === 'admitted') return 'endpoint-independent';
  if (otherPort === 'admitted') return 'address-dependent';
  if (otherPort === 'refused' || otherAddress === 'refused') {
    return otherPort === 'open' || otherAddress === 'open'
      ? 'unknown'
      : 'address-and-port-dependent';
  }
  return 'unknown';
}

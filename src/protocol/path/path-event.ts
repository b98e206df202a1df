import type { Path } from '../candidate.ts';
import type { Endpoint } from '../wire/endpoint.ts';

/**
 * - `selected`: send by this path from now on; told at each change, also of its kind, and when a
 *   lost path works again.
 * - `lost`: the selected path fell silent and nothing replaces it. It stays selected as the last
 *   resort until something works, which `selected` tells.
 * - `observed`: the peer saw our packets come from this address, for the first time.
 * - `sample-wanted`: the allocator of our NAT should be looked at now (`survey`).
 * - `open-bases`, `close-bases`: asks for UDP sockets under these numbers, on any port
 *   (`handleBases`), and gives them back.
 */
export type PathEvent =
  | { readonly kind: 'selected'; readonly path: Path }
  | { readonly kind: 'lost'; readonly path: Path }
  | { readonly kind: 'observed'; readonly endpoint: Endpoint }
  | { readonly kind: 'sample-wanted' }
  | { readonly kind: 'open-bases'; readonly bases: readonly number[] }
  | { readonly kind: 'close-bases'; readonly bases: readonly number[] };

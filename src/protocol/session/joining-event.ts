import type { ErrorCode } from '../errors.ts';
import type { SessionKeys } from '../session-keys.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { Guest } from './guest.ts';

/** What becomes of a receiver's way to the sender. */
export type JoiningEvent =
  /** A server knows the sender. */
  | { readonly kind: 'server'; readonly server: Endpoint }
  /** A sender of several has no place for us yet, and lets us wait; once. */
  | { readonly kind: 'queued' }
  | {
      readonly kind: 'established';
      readonly guest: Guest;
      readonly keys: SessionKeys;
      readonly box: Uint8Array;
    }
  /** Another server knows the same sender as the one at which the code was proved. */
  | { readonly kind: 'passage'; readonly guest: Guest }
  /** What the sender goes on telling, and where the server at which it was met saw it. */
  | {
      readonly kind: 'signal';
      readonly body: Uint8Array;
      readonly seen: Endpoint | undefined;
    }
  | { readonly kind: 'dial'; readonly server: Endpoint }
  /** A server lets our address begin no more for now, and is asked again. */
  | { readonly kind: 'rate-limited'; readonly server: Endpoint }
  /** That server lets us in after all. */
  | { readonly kind: 'admitted' }
  /** No server that is being tried can bring us together any more. */
  | { readonly kind: 'failed'; readonly code: ErrorCode };

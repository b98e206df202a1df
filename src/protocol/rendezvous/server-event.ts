import type { Outcome } from './requests.ts';

/** What a server may log: no address, no nameplate, no secret. */
export type ServerEvent =
  | { readonly kind: 'registered' }
  | { readonly kind: 'claimed' }
  | { readonly kind: 'paired' }
  | { readonly kind: 'relay-opened' }
  | { readonly kind: 'closed'; readonly outcome: Outcome }
  | { readonly kind: 'expired' };

/** Why a packet was dropped without an answer. */
export type DropReason =
  /** No packet of ours, or cut short. */
  | 'malformed'
  /** No request, or not padded as it must be. */
  | 'no-request'
  /** A request whose fields cannot be read. */
  | 'undecodable'
  | 'challenge-rate'
  | 'post-rate'
  | 'alternate-rate'
  /** Asked to be answered from a socket that this server does not have. */
  | 'no-alternate'
  | 'queue-full'
  /** A session packet where no relay runs. */
  | 'no-relay';

/** Everything a server counts, since it started; the amplification gauge is bytesOut / bytesIn. */
export interface ServerCounters {
  /** Requests and answers, relayed packets not among them. */
  readonly packetsIn: number;
  readonly bytesIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
  readonly drops: Readonly<Record<DropReason, number>>;
  readonly relay: {
    readonly packets: number;
    readonly bytes: number;
    readonly droppedStrangers: number;
    readonly droppedFull: number;
  };
  /** Live entries now. */
  readonly live: {
    readonly registrations: number;
    readonly claims: number;
    readonly relays: number;
  };
}

import type { Transmit } from '../machine.ts';
import type { Endpoint } from '../wire/endpoint.ts';

/** What is to be sent, before it is known where to. */
export type Batch = Omit<Transmit, 'remote'>;

/** One datagram. */
export function alone(payload: Uint8Array | undefined): Batch | undefined {
  return payload && { payload, segmentSize: payload.length };
}

/** Field by field, for every batch there is: a spread costs ten times as much. */
export function addressed({ payload, segmentSize, release }: Batch, remote: Endpoint): Transmit {
  return release ? { remote, payload, segmentSize, release } : { remote, payload, segmentSize };
}

import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';
import type { Packet } from './packet.ts';

// Linux: at most 64 segments to a coalesced datagram (UDP_GRO_CNT_MAX), and it must fit 16 bits.
const MAX_SEGMENTS = 64;
const MAX_BATCH_BYTES = 64_000;

/** Datagrams of one flow that are given to the receiver in one piece. */
export interface ReceivedBatch {
  readonly from: Endpoint;
  readonly payloads: Uint8Array[];
  bytes: number;
}

/**
 * Joins datagrams as UDP_GRO does: those of one flow and one size, the last of which may be
 * shorter. Batches come in the order of their first datagrams.
 */
export function coalesce(packets: readonly Packet[]): ReceivedBatch[] {
  const batches: ReceivedBatch[] = [];
  const open = new Map<Endpoint, ReceivedBatch>();
  for (const { from, payload } of packets) {
    const batch = open.get(from);
    if (batch !== undefined && fits(batch, payload)) {
      batch.payloads.push(payload);
      batch.bytes += payload.length;
    } else {
      const fresh = { from, payloads: [payload], bytes: payload.length };
      batches.push(fresh);
      open.set(from, fresh);
    }
  }
  return batches;
}

function fits({ payloads, bytes }: ReceivedBatch, payload: Uint8Array): boolean {
  const size = payloads[0]?.length ?? 0;
  const last = payloads[payloads.length - 1]?.length ?? 0;
  return (
    last === size &&
    payload.length > 0 &&
    payload.length <= size &&
    payloads.length < MAX_SEGMENTS &&
    bytes + payload.length <= MAX_BATCH_BYTES
  );
}

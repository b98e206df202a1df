import { isSessionType, PacketType, packetLength, packetType } from './packet.ts';

/** Which part of a session a packet is for. */
export type PacketClass = 'rendezvous' | 'probe' | 'transport';

/**
 * Cuts a received batch into runs of packets of one class. Mostly that is the whole batch; but the
 * kernel coalesces whatever one sender sent, and a shorter packet may come last in a batch.
 */
export function forEachRun(
  batch: Uint8Array,
  visit: (kind: PacketClass, run: Uint8Array) => void,
): void {
  let start = 0;
  let kind: PacketClass | undefined;
  let at = 0;
  for (let length = packetLength(batch, 0); length > 0; length = packetLength(batch, at)) {
    const next = classOf(packetType(batch, at));
    if (kind !== undefined && next !== kind) {
      visit(kind, batch.subarray(start, at));
      start = at;
    }
    kind = next;
    at += length;
  }
  if (kind !== undefined)
    visit(kind, start === 0 && at === batch.length ? batch : batch.subarray(start, at));
}

/** Visits each packet of a run, whose lengths `forEachRun` has checked. */
export function forEachPacket(run: Uint8Array, visit: (packet: Uint8Array) => void): void {
  let at = 0;
  for (let length = packetLength(run, 0); length > 0; length = packetLength(run, at)) {
    visit(run.subarray(at, at + length));
    at += length;
  }
}

function classOf(type: number): PacketClass {
  if (type === PacketType.probeRequest || type === PacketType.probeResponse) return 'probe';
  return isSessionType(type) ? 'transport' : 'rendezvous';
}

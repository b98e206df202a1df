import type { Crypto } from '../ports.ts';
import type { DirectionKeys } from '../session-keys.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { ENDPOINT_BYTES, type Endpoint, readEndpoint, writeEndpoint } from '../wire/endpoint.ts';
import {
  hasConnectionId,
  PacketType,
  PREFIX_BYTES,
  packetLength,
  packetType,
  writePrefix,
} from '../wire/packet.ts';

/**
 * A connectivity check or the answer to one (docs/protocol-paths.md):
 *
 *     0        prefix (11)          connection id, type, length
 *     11       nonce (8)            counter (4), salt (4); an answer repeats the request's
 *     19       flags (1)            bit 0: nominate
 *     20       endpoint (19)        answer: where the request came from; request: zeros
 *     39       mac (16)             HMAC-SHA-256 over all of the above, truncated
 *
 * Request and answer have one length, so an answer can never amplify.
 */
export const PROBE_BYTES: number = PREFIX_BYTES + 8 + 1 + ENDPOINT_BYTES + 16;

export interface ProbeNonce {
  /** Counts all requests of one sender upwards from 1; tells a fresh request from a replayed one. */
  readonly counter: number;
  /** 32 random bits: who did not receive the request cannot answer it. */
  readonly salt: number;
}

export type Probe =
  | { readonly kind: 'request'; readonly nonce: ProbeNonce; readonly nominate: boolean }
  | { readonly kind: 'response'; readonly nonce: ProbeNonce; readonly observed: Endpoint };

/** Why a packet is not a probe: not of that form at all, or not made with the key. */
export type ProbeDefect = 'malformed' | 'forged';

export type ProbeKeys = Pick<DirectionKeys, 'connectionId' | 'probe'>;

/** The `PROBE_BYTES` bytes of a probe under the keys of its direction. */
export function encodeProbe(
  probe: Probe,
  keys: ProbeKeys,
  crypto: Pick<Crypto, 'hmac'>,
): Uint8Array {
  const writer = new ByteWriter(PROBE_BYTES);
  writer.zeros(PREFIX_BYTES);
  writer.uint32(probe.nonce.counter);
  writer.uint32(probe.nonce.salt);
  writer.uint8(probe.kind === 'request' && probe.nominate ? NOMINATE : 0);
  if (probe.kind === 'request') writer.zeros(ENDPOINT_BYTES);
  else writeEndpoint(writer, probe.observed);
  writer.zeros(MAC_BYTES);
  const packet = writer.finish();
  const type = probe.kind === 'request' ? PacketType.probeRequest : PacketType.probeResponse;
  writePrefix(packet, 0, keys.connectionId, type, PROBE_BYTES);
  packet.set(mac(packet, keys, crypto), MAC_OFFSET);
  return packet;
}

/** Reads one packet under the keys of the direction it came in. Nothing is taken from a forged one. */
export function decodeProbe(
  packet: Uint8Array,
  keys: ProbeKeys,
  crypto: Pick<Crypto, 'hmac' | 'equal'>,
): Probe | ProbeDefect {
  if (packet.length !== PROBE_BYTES || packetLength(packet, 0) !== PROBE_BYTES) return 'malformed';
  const type = packetType(packet, 0);
  if (type !== PacketType.probeRequest && type !== PacketType.probeResponse) return 'malformed';
  // The id is no secret; comparing it first spares the HMAC for packets of other sessions.
  if (!hasConnectionId(packet, 0, keys.connectionId)) return 'forged';
  if (!crypto.equal(packet.subarray(MAC_OFFSET), mac(packet, keys, crypto))) return 'forged';
  return readBody(type, new ByteReader(packet.subarray(PREFIX_BYTES, MAC_OFFSET))) ?? 'malformed';
}

function readBody(type: number, reader: ByteReader): Probe | undefined {
  const counter = reader.uint32();
  const salt = reader.uint32();
  const flags = reader.uint8();
  if (counter === undefined || salt === undefined || flags === undefined) return undefined;
  const nonce = { counter, salt };
  if (type === PacketType.probeRequest) {
    return { kind: 'request', nonce, nominate: (flags & NOMINATE) !== 0 };
  }
  const observed = readEndpoint(reader);
  return observed && { kind: 'response', nonce, observed };
}

function mac(packet: Uint8Array, keys: ProbeKeys, crypto: Pick<Crypto, 'hmac'>): Uint8Array {
  return crypto.hmac(keys.probe, packet.subarray(0, MAC_OFFSET)).subarray(0, MAC_BYTES);
}

const NOMINATE = 1;
const MAC_BYTES = 16;
const MAC_OFFSET = PROBE_BYTES - MAC_BYTES;

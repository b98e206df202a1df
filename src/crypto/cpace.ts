import { createHash } from 'node:crypto';
import { _map_to_curve_elligator2_curve25519, ed25519 } from '@noble/curves/ed25519.js';
import { concat, lvCat } from '../protocol/handshake/lv-cat.ts';
import type { Pake, PakeInput, PakeRun, Random } from '../protocol/ports.ts';
import { X25519_BYTES, x25519, x25519PrivateKey } from './x25519.ts';

/**
 * CPace, suite CPACE-X25519-SHA512 of draft-irtf-cfrg-cpace-21, in its initiator-responder form
 * (`transcript_ir`). The secret multiplications are OpenSSL's; only the map from a hash to the
 * curve is done here, on numbers that an observer of the network never sees.
 */
export function createPake(random: Random): Pake {
  return {
    start(input) {
      const scalar = random.bytes(X25519_BYTES);
      const privateKey = x25519PrivateKey(scalar);
      scalar.fill(0);
      const share = x25519(privateKey, cpaceGenerator(input));
      // Only if the password hashed to one of the eight points of low order: once in 2^252.
      if (share === undefined) throw new Error('unreachable: generator of low order');
      return { share, finish: (peer) => finish(privateKey, share, input.sid, peer) };
    },
  };
}

/** `calculate_generator` of the draft: the u-coordinate that the password stands for, 32 bytes. */
export function cpaceGenerator({ prs, ci, sid }: PakeInput): Uint8Array {
  const padding = HASH_BLOCK_BYTES - lvCat(prs).length - lvCat(DSI).length - 1;
  const text = lvCat(DSI, prs, new Uint8Array(Math.max(0, padding)), ci, sid);
  const hash = sha512(text).subarray(0, X25519_BYTES);
  // RFC 7748 §5, decodeUCoordinate: the bit above the field's 255 is ignored.
  const u = littleEndian(hash) & ((1n << 255n) - 1n);
  return mapToCurve(Fp.create(u));
}

/** Domain separation identifiers of the suite, and the input block size of SHA-512. */
const DSI = 'CPace255';
const DSI_ISK = 'CPace255_ISK';
const HASH_BLOCK_BYTES = 128;

const { Fp } = ed25519.Point;

function finish(
  privateKey: ReturnType<typeof x25519PrivateKey>,
  share: Uint8Array,
  sid: Uint8Array,
  peer: Parameters<PakeRun['finish']>[0],
): Uint8Array | undefined {
  const k = x25519(privateKey, peer.peerShare);
  if (k === undefined) return undefined;
  const own = lvCat(share, peer.ownData);
  const theirs = lvCat(peer.peerShare, peer.peerData);
  const transcript = peer.role === 'initiator' ? [own, theirs] : [theirs, own];
  const isk = sha512(concat([lvCat(DSI_ISK, sid, k), ...transcript]));
  k.fill(0);
  return isk;
}

// RFC 9380 §6.7.1, Elligator 2. The name of the library's function is not part of its public API:
// the draft's vectors in the tests show at once if an update changes its meaning.
function mapToCurve(u: bigint): Uint8Array {
  const { xMn, xMd } = _map_to_curve_elligator2_curve25519(u);
  return Fp.toBytes(Fp.mul(xMn, Fp.inv(xMd)));
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function sha512(data: Uint8Array): Uint8Array {
  return createHash('sha512').update(data).digest();
}

import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { x25519 } from '@noble/curves/ed25519.js';

/** What the two sides of a handshake bring along; bytes in hexadecimal. */
export interface HandshakeInputs {
  readonly nameplate: number;
  readonly words: readonly string[];
  readonly senderSuites: readonly number[];
  readonly receiverSuites: readonly number[];
  readonly suite: number;
  readonly claimId: string;
  readonly senderNonce: string;
  readonly receiverNonce: string;
  readonly senderScalar: string;
  readonly receiverScalar: string;
  readonly senderBox: string;
  readonly receiverBox: string;
}

/**
 * The whole handshake once more, written from docs/protocol-handshake.md alone and sharing nothing
 * with `src`: all messages and intermediate values in hexadecimal.
 */
export function handshakeValues(inputs: HandshakeInputs): Record<string, string> {
  const pake = cpace(inputs);
  const th0 = sha256(lv(text('p2pshare/1 th0'), pake.H, pake.A, pake.B));
  const early = (label: string, length: number) => hkdf(pake.ISK, th0, label, length);
  const kcR = early('confirm r', 32);
  const kcS = early('confirm s', 32);
  const kbR = early('box r', 32);
  const kbS = early('box s', 32);
  const bodyC = confirmBody('C', inputs.claimId, kbR, inputs.receiverBox);
  const Ta = hmac(kcR, lv(text('receiver'), th0, bodyC));
  const C = Buffer.concat([bodyC, Ta]);
  const bodyD = confirmBody('D', inputs.claimId, kbS, inputs.senderBox);
  const Tb = hmac(kcS, lv(text('sender'), th0, Ta, bodyD));
  const D = Buffer.concat([bodyD, Tb]);
  const th1 = sha256(lv(text('p2pshare/1 th1'), th0, C, D));
  const late = (label: string, length: number) => hkdf(pake.ISK, th1, label, length);
  const handshake = { ...pake, th0, kcR, kcS, kbR, kbS, Ta, C, Tb, D, th1 };
  const session = { verifier: early('verifier', 8), ...sessionValues(late) };
  return Object.fromEntries(
    Object.entries({ ...handshake, ...session }).map(([name, bytes]) => [
      name,
      bytes.toString('hex'),
    ]),
  );
}

function cpace(inputs: HandshakeInputs) {
  const senderNonce = hex(inputs.senderNonce);
  const receiverNonce = hex(inputs.receiverNonce);
  const PRS = text(inputs.words.join('-'));
  const plate = text(String(inputs.nameplate));
  const CI = lv(text('p2pshare'), Buffer.of(1), plate, text('receiver'), text('sender'));
  const sid = Buffer.concat([receiverNonce, senderNonce]);
  const g = generator(PRS, CI, sid);
  const Ya = Buffer.from(x25519.scalarMult(hex(inputs.receiverScalar), g));
  const Yb = Buffer.from(x25519.scalarMult(hex(inputs.senderScalar), g));
  const K = Buffer.from(x25519.scalarMult(hex(inputs.senderScalar), Ya));
  const offered = Buffer.from(inputs.receiverSuites);
  const ADa = lv(text('receiver'), Buffer.of(1), offered, Buffer.alloc(0));
  const ADb = lv(text('sender'), Buffer.of(1), Buffer.of(inputs.suite), Buffer.alloc(0));
  const ISK = createHash('sha512')
    .update(lv(text('CPace255_ISK'), sid, K))
    .update(lv(Ya, ADa))
    .update(lv(Yb, ADb))
    .digest();
  const claimId = hex(inputs.claimId);
  const lists = lv(Buffer.of(1), Buffer.from(inputs.senderSuites));
  const H = Buffer.concat([text('H'), lists, senderNonce]);
  const A = Buffer.concat([text('A'), Buffer.of(1), claimId, receiverNonce, Ya, lv(ADa)]);
  const B = Buffer.concat([text('B'), claimId, Yb, lv(ADb)]);
  return { PRS, CI, sid, g, Ya, Yb, K, ADa, ADb, ISK, H, A, B };
}

function sessionValues(late: (label: string, length: number) => Buffer) {
  return {
    cidSR: late('cid s>r', 8),
    recordSR: late('record s>r', 32),
    controlSR: late('control s>r', 32),
    headerSR: late('header s>r', 16),
    probeSR: late('probe s>r', 32),
    signalSR: late('signal s>r', 32),
    cidRS: late('cid r>s', 8),
    recordRS: late('record r>s', 32),
    controlRS: late('control r>s', 32),
    headerRS: late('header r>s', 16),
    probeRS: late('probe r>s', 32),
    signalRS: late('signal r>s', 32),
    relayToken: late('relay', 16),
    resumeSecret: late('resume', 32),
  };
}

function generator(PRS: Buffer, CI: Buffer, sid: Buffer): Buffer {
  const DSI = text('CPace255');
  const padding = Math.max(0, 128 - 1 - lv(PRS).length - lv(DSI).length);
  const hash = createHash('sha512')
    .update(lv(DSI, PRS, Buffer.alloc(padding), CI, sid))
    .digest();
  const u = [...hash.subarray(0, 32)].reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const x = elligator2(u % 2n ** 255n);
  return Buffer.from(Array.from({ length: 32 }, (_, i) => Number((x >> BigInt(8 * i)) & 255n)));
}

// RFC 9380 §6.7.1 with Z = 2 in its plainest form, for curve25519: y² = x³ + 486662x² + x.
function elligator2(u: bigint): bigint {
  const p = 2n ** 255n - 19n;
  const J = 486662n;
  const power = (base: bigint, exponent: bigint): bigint => {
    if (exponent === 0n) return 1n;
    const half = power((base * base) % p, exponent / 2n);
    return exponent % 2n === 1n ? (half * base) % p : half;
  };
  const x1 = ((p - J) * power((1n + 2n * u * u) % p, p - 2n)) % p;
  const square = (x1 * x1 * x1 + J * x1 * x1 + x1) % p;
  const isSquare = square === 0n || power(square, (p - 1n) / 2n) === 1n;
  return isSquare ? x1 : (2n * p - x1 - J) % p;
}

function confirmBody(letter: string, claimId: string, key: Buffer, box: string): Buffer {
  const nonce = Buffer.alloc(12);
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  const sealed = Buffer.concat([cipher.update(hex(box)), cipher.final(), cipher.getAuthTag()]);
  return Buffer.concat([text(letter), hex(claimId), varint(sealed.length), sealed]);
}

function varint(length: number): Buffer {
  return length < 64 ? Buffer.of(length) : Buffer.of(0x40 | (length >> 8), length & 255);
}

function lv(...pieces: Buffer[]): Buffer {
  return Buffer.concat(
    pieces.flatMap((piece) => {
      const low = piece.length & 127;
      const length = piece.length < 128 ? [low] : [low | 128, piece.length >> 7];
      return [Buffer.from(length), piece];
    }),
  );
}

// RFC 5869, for outputs of at most one block.
function hkdf(secret: Buffer, salt: Buffer, label: string, length: number): Buffer {
  const info = lv(text('p2pshare/1'), text(label));
  return hmac(hmac(salt, secret), Buffer.concat([info, Buffer.of(1)])).subarray(0, length);
}

function hmac(key: Buffer, data: Buffer): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

function hex(value: string): Buffer {
  return Buffer.from(value, 'hex');
}

function text(value: string): Buffer {
  return Buffer.from(value);
}

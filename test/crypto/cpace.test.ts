import { x25519 as noble } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { cpaceGenerator, createPake } from '../../src/crypto/cpace.ts';
import { x25519, x25519PrivateKey } from '../../src/crypto/x25519.ts';
import type { PakeInput, PakeRun, Random } from '../../src/protocol/ports.ts';
import draft from '../vectors/cpace-x25519-sha512.json' with { type: 'json' };

const vector = draft.G_25519;
const points = draft.X25519_points;
const input: PakeInput = { prs: hex(vector.PRS), ci: hex(vector.CI), sid: hex(vector.sid) };

describe('CPACE-X25519-SHA512 against the vectors of draft-irtf-cfrg-cpace-21', () => {
  it('maps the password to the generator of the draft', () => {
    expect(text(cpaceGenerator(input))).toBe(vector.g);
  });

  it('computes the public shares of the draft', () => {
    expect(text(run(vector.ya).share)).toBe(vector.Ya);
    expect(text(run(vector.yb).share)).toBe(vector.Yb);
  });

  it('computes the key of the draft on both sides', () => {
    const a = run(vector.ya).finish({
      role: 'initiator',
      ownData: hex(vector.ADa),
      peerShare: hex(vector.Yb),
      peerData: hex(vector.ADb),
    });
    const b = run(vector.yb).finish({
      role: 'responder',
      ownData: hex(vector.ADb),
      peerShare: hex(vector.Ya),
      peerData: hex(vector.ADa),
    });
    expect(text(a)).toBe(vector.ISK_IR);
    expect(text(b)).toBe(vector.ISK_IR);
  });
});

describe('the X25519 points of draft-irtf-cfrg-cpace-21', () => {
  const aborting = [0, 1, 2, 3, 4, 5, 7].map((i) => points[`Invalid Y${i}` as keyof typeof points]);
  const valid = [6, 8, 9, 10, 11].map((i) => points[`Invalid Y${i}` as keyof typeof points]);

  it.each(aborting)('yields no key for the low-order share %s', (peerShare) => {
    expect(finish(hex(peerShare))).toBeUndefined();
  });

  it.each(valid)('ignores bit 255 of %s as another implementation does', (share) => {
    const expected = noble.scalarMult(hex(vector.ya), hex(share));
    expect(text(x25519(x25519PrivateKey(hex(vector.ya)), hex(share)))).toBe(text(expected));
    expect(finish(hex(share))).toHaveLength(64);
  });

  it.each([0, 31, 33])('yields no key for a share of %i bytes', (length) => {
    expect(finish(new Uint8Array(length).fill(9))).toBeUndefined();
  });
});

describe('x25519', () => {
  it('computes the vector of RFC 7748 §5.2', () => {
    const scalar = hex('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4');
    const u = hex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c');
    expect(text(x25519(x25519PrivateKey(scalar), u))).toBe(
      'C3DA55379DE9C6908E94EA4DF28D084F32ECCF03491C71F754B4075577A28552',
    );
  });
});

describe('CPace', () => {
  it.each([
    ['password', { prs: hex('00') }],
    ['channel', { ci: hex('00') }],
    ['session id', { sid: hex('00') }],
  ])('gives different keys when the %s differs', (_, difference) => {
    const a = run(vector.ya);
    const b = createPake(scalar(vector.yb)).start({ ...input, ...difference });
    const none = new Uint8Array(0);
    const keyA = a.finish({ role: 'initiator', ownData: none, peerShare: b.share, peerData: none });
    const keyB = b.finish({ role: 'responder', ownData: none, peerShare: a.share, peerData: none });
    expect(text(keyA)).not.toBe(text(keyB));
  });
});

function run(fixedScalar: string): PakeRun {
  return createPake(scalar(fixedScalar)).start(input);
}

function finish(peerShare: Uint8Array): Uint8Array | undefined {
  const none = new Uint8Array(0);
  return run(vector.ya).finish({ role: 'initiator', ownData: none, peerShare, peerData: none });
}

function scalar(value: string): Random {
  return { bytes: () => hex(value), integer: () => 0 };
}

function hex(value: string): Uint8Array {
  return Uint8Array.from(Buffer.from(value, 'hex'));
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? [])
    .toString('hex')
    .toUpperCase();
}

import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import { encodeOffer } from '../../../src/protocol/handshake/associated-data.ts';
import { decodeReject, encodeClaim } from '../../../src/protocol/handshake/message.ts';
import { SenderHandshake } from '../../../src/protocol/handshake/sender-handshake.ts';
import { after, millis } from '../../../src/protocol/time.ts';
import draft from '../../vectors/cpace-x25519-sha512.json' with { type: 'json' };
import {
  code,
  established,
  exchange,
  hex,
  post,
  receiver,
  receiverEvents,
  seededRandom,
  sender,
  senderEvents,
  start,
  suites,
  wrongCode,
} from './fixture.ts';

const [mismatch, used, burnt, version] = [1, 2, 3, 4];
const late = after(start, millis(30_000));

describe('a sender waiting for its receiver', () => {
  it('answers nobody before it knows its code', () => {
    const random = seededRandom('unarmed');
    const options = { crypto: createCrypto(random), random, suites, box: () => new Uint8Array(0) };
    const s = new SenderHandshake(options);
    const r = receiver(s.hello);
    expect(post(s, r)).toBeUndefined();
    s.arm(code);
    expect(post(s, r)).toBeDefined();
  });

  it('answers a repeated message with the same bytes and spends nothing on it', () => {
    const s = sender();
    const r = receiver(s.hello);
    const b = post(s, r) as Uint8Array;
    expect(hex(post(s, r))).toBe(hex(b));
    r.handshake.handleMessage(b, start);
    const d = post(s, r) as Uint8Array;
    expect(hex(post(s, r))).toBe(hex(d));
    expect(senderEvents(s).map(({ kind }) => kind)).toEqual(['established']);
  });

  it('keeps C and D below 1,000 bytes with the largest boxes, and refuses larger ones', () => {
    expect(lengthOfD(700)).toBe(1 + 16 + 2 + 700 + 16 + 32);
    expect(() => lengthOfD(701)).toThrow('unreachable');
  });

  it('never uses a second scalar for one claim', () => {
    const s = sender();
    const r = receiver(s.hello);
    const again = receiver(s.hello, { seed: 'again' });
    const other = again.handshake.message.slice();
    other.set(r.claimId, 2);
    expect(post(s, r)).toBeDefined();
    expect(s.handleMessage(r.claimId, other, start)).toBeUndefined();
  });

  it('drops a message that names another claim than it came under', () => {
    const s = sender();
    const r = receiver(s.hello);
    expect(s.handleMessage(new Uint8Array(16), r.handshake.message, start)).toBeUndefined();
    expect(s.pollTimeout()).toBeUndefined();
  });

  it('drops noise and messages that are too long', () => {
    const s = sender();
    const { claimId, handshake } = receiver(s.hello);
    const long = new Uint8Array(1_001);
    long.set(handshake.message);
    for (const noise of [new Uint8Array(0), s.hello, long, new Uint8Array(1 << 20)]) {
      expect(s.handleMessage(claimId, noise, start)).toBeUndefined();
    }
  });
});

describe('a claim that no honest receiver makes', () => {
  it.each([
    ['of low order', draft.X25519_points['Invalid Y4']],
    ['of zeros', draft.X25519_points['Invalid Y0']],
  ])('is dropped when its share is %s, and nothing spent on it', (_, share) => {
    const s = sender();
    expect(s.handleMessage(new Uint8Array(16), claimWith({ share }), start)).toBeUndefined();
    expect(s.pollTimeout()).toBeUndefined();
  });

  it('is dropped when it mirrors the nonce or a share of the sender', () => {
    const s = sender();
    const b = post(s, receiver(s.hello)) as Uint8Array;
    const nonce = s.hello.slice(-16);
    expect(s.handleMessage(new Uint8Array(16), claimWith({ nonce }), start)).toBeUndefined();
    const share = hex(b.subarray(17, 49));
    expect(s.handleMessage(new Uint8Array(16), claimWith({ share }), start)).toBeUndefined();
  });

  it.each([
    ['a version of the message', { version: 2 }],
    ['versions', { versions: [2, 3] }],
    ['suites', { suites: [77] }],
  ])(
    'is rejected when it names %s that the sender does not know, and nothing spent on it',
    (_, difference) => {
      const s = sender();
      const answer = s.handleMessage(new Uint8Array(16), claimWith(difference), start);
      expect(reason(answer)).toBe(version);
      expect(s.pollTimeout()).toBeUndefined();
    },
  );
});

describe('three attempts', () => {
  it('survive two wrong guesses', () => {
    const s = sender();
    guess(s, 'first');
    guess(s, 'second');
    const r = receiver(s.hello);
    exchange(s, r);
    exchange(s, r);
    expect(senderEvents(s).map(({ kind }) => kind)).toEqual([
      'attempt-failed',
      'attempt-failed',
      'established',
    ]);
    expect(established(receiverEvents(r.handshake))).toBeDefined();
  });

  it('burn the code when all were wrong, and both sides hear of it', () => {
    const s = sender();
    expect(guess(s, 'first')).toBe('P2P_CODE_MISMATCH');
    expect(guess(s, 'second')).toBe('P2P_CODE_MISMATCH');
    expect(guess(s, 'third')).toBe('P2P_CODE_BURNT');
    expect(senderEvents(s)).toEqual([
      { kind: 'attempt-failed', used: 1, allowed: 3 },
      { kind: 'attempt-failed', used: 2, allowed: 3 },
      { kind: 'attempt-failed', used: 3, allowed: 3 },
      { kind: 'burnt' },
    ]);
    const r = receiver(s.hello);
    expect(reason(post(s, r))).toBe(burnt);
    exchange(s, r);
    expect(receiverEvents(r.handshake)).toEqual([{ kind: 'failed', code: 'P2P_CODE_BURNT' }]);
  });

  it('allow one guess a claim: a second proof under it is not even looked at', () => {
    const s = sender();
    const r = receiver(s.hello, { code: wrongCode });
    exchange(s, r);
    expect(reason(post(s, r))).toBe(mismatch);
    expect(reason(post(s, r))).toBe(mismatch);
    const other = r.handshake.message.slice();
    other[other.length - 1] = (other.at(-1) as number) ^ 1;
    expect(s.handleMessage(r.claimId, other, start)).toBeUndefined();
    expect(senderEvents(s)).toHaveLength(1);
  });
});

describe('an attempt that falls silent', () => {
  it('counts as a wrong guess after 30 seconds', () => {
    const s = sender();
    const r = receiver(s.hello);
    exchange(s, r);
    expect(s.pollTimeout()).toBe(late);
    s.handleTimeout(after(start, millis(29_999)));
    expect(senderEvents(s)).toEqual([]);
    s.handleTimeout(late);
    expect(senderEvents(s)).toEqual([{ kind: 'attempt-failed', used: 1, allowed: 3 }]);
    expect(s.pollTimeout()).toBeUndefined();
    expect(post(s, r, late)).toBeUndefined();
    expect(senderEvents(s)).toEqual([]);
  });

  it('is judged by the time its proof comes, even when no timer fired', () => {
    const s = sender();
    const r = receiver(s.hello);
    exchange(s, r);
    expect(post(s, r, late)).toBeUndefined();
    expect(senderEvents(s).map(({ kind }) => kind)).toEqual(['attempt-failed']);
  });

  it('burns the code with two others like it', () => {
    const s = sender();
    for (const seed of ['a', 'b', 'c']) post(s, receiver(s.hello, { seed }));
    s.handleTimeout(late);
    expect(senderEvents(s).at(-1)).toEqual({ kind: 'burnt' });
    expect(reason(post(s, receiver(s.hello), late))).toBe(burnt);
  });
});

describe('claims side by side', () => {
  it('each get a scalar of their own, and a fourth waits until one is decided', () => {
    const s = sender();
    const claims = ['a', 'b', 'c'].map((seed) => receiver(s.hello, { seed }));
    const shares = claims.map((claim) => hex(post(s, claim)?.subarray(17, 49)));
    expect(new Set(shares).size).toBe(3);
    expect(post(s, receiver(s.hello, { seed: 'd' }))).toBeUndefined();
  });

  it('are won by the first that proves to know the words; the others hear that it is used', () => {
    const s = sender();
    const [first, second] = ['a', 'b'].map((seed) => receiver(s.hello, { seed }));
    if (first === undefined || second === undefined) throw new Error('unreachable');
    exchange(s, first);
    exchange(s, second);
    exchange(s, second);
    expect(established(receiverEvents(second.handshake))).toBeDefined();
    expect(hex(established(senderEvents(s))?.claimId)).toBe(hex(second.claimId));
    s.settle();
    exchange(s, first);
    expect(receiverEvents(first.handshake).at(-1)).toEqual({
      kind: 'failed',
      code: 'P2P_CODE_USED',
    });
    expect(reason(post(s, receiver(s.hello, { seed: 'c' })))).toBe(used);
    s.handleTimeout(late);
    expect(senderEvents(s)).toEqual([]);
    expect(post(s, second, late)?.[0]).toBe(0x44);
  });

  it('leave the right receiver its place beside two squatters', () => {
    const s = sender();
    post(s, receiver(s.hello, { seed: 'a' }));
    post(s, receiver(s.hello, { seed: 'b' }));
    const r = receiver(s.hello);
    exchange(s, r);
    exchange(s, r);
    expect(established(receiverEvents(r.handshake))).toBeDefined();
  });
});

function lengthOfD(boxBytes: number): number | undefined {
  const random = seededRandom('large');
  const box = (): Uint8Array => new Uint8Array(boxBytes);
  const s = new SenderHandshake({ crypto: createCrypto(random), random, suites, box });
  s.arm(code);
  const r = receiver(s.hello);
  exchange(s, r);
  return post(s, r)?.length;
}

/** A whole wrong guess; yields how it ended for the one who guessed. */
function guess(s: SenderHandshake, seed: string): string | undefined {
  const r = receiver(s.hello, { seed, code: wrongCode });
  exchange(s, r);
  exchange(s, r);
  const last = receiverEvents(r.handshake).at(-1);
  return last?.kind === 'failed' ? last.code : undefined;
}

function claimWith(
  difference: Partial<{
    version: number;
    versions: number[];
    suites: number[];
    share: string;
    nonce: Uint8Array;
  }>,
): Uint8Array {
  const { versions = [1], suites: offered = [1, 2], share = draft.G_25519.Ya } = difference;
  return encodeClaim({
    version: difference.version ?? 1,
    claimId: new Uint8Array(16),
    nonce: difference.nonce ?? new Uint8Array(16).fill(5),
    share: Buffer.from(share, 'hex'),
    associatedData: encodeOffer({ versions, suites: offered }),
  });
}

function reason(answer: Uint8Array | undefined): number | undefined {
  return answer && decodeReject(answer)?.reason;
}
